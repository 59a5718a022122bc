//! A header value that nobody but its receiver may see.

use std::fmt;

use axum::http::HeaderValue;
use serde::Deserialize;

use crate::error::Error;

/// A secret header value.
///
/// It has no `Serialize`: no answer can contain it, and a cached function that returns it compiles with `store = memory`
/// alone. Redis learns that it changed, and never what it is.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct Secret(String);

/// What is shown in its place.
pub(crate) const MASK: &str = "********";

impl Secret {
    /// Takes a secret in.
    pub fn new(clear: impl Into<String>) -> Self {
        Self(clear.into())
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// As a request has it; the HTTP client writes it into no log.
    pub(crate) fn header(&self) -> Result<HeaderValue, Error> {
        let text = "a header value must be of visible ASCII characters and spaces";
        let mut value = HeaderValue::from_str(&self.0).map_err(|_| Error::Invalid(text.to_owned()))?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}
