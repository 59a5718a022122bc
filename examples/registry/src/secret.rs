//! What is needed to log in elsewhere: a value that comes in, and never goes out.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The secret with which a gateway, a server or an agent is called.
///
/// It can be read from a request and written to the database, and that is all: it has no `Serialize`, so that neither an
/// answer nor a value in Redis can contain one. A cached function that returned it would not compile.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct Secret(String);

impl Secret {
    /// Takes a secret in.
    pub fn new(clear: impl Into<String>) -> Self {
        Self(clear.into())
    }

    /// In clear, for the database and for the call that it is sent with.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether a client sent back what answers show instead of a secret: then it changes nothing.
    pub(crate) fn is_mask(&self) -> bool {
        self.0 == MASK
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

const MASK: &str = "********";

/// Says that there is a secret, and nothing of it. This is what rows have, whether they were just read or lay in a cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
pub struct Masked;

impl From<Masked> for String {
    fn from(_: Masked) -> Self {
        MASK.to_owned()
    }
}

impl From<String> for Masked {
    fn from(_: String) -> Self {
        Self
    }
}
