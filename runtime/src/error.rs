//! The one public error: what failed, and what to do about it.

use std::fmt;

/// What failed, and what to do about it.
///
/// Its text never contains a password or the value of an argument.
///
/// # Examples
///
/// ```
/// # pollster::block_on(async {
/// let error = larder::Larder::builder().namespace("").build().await.unwrap_err();
/// assert_eq!(error.kind(), larder::ErrorKind::Configuration);
/// assert!(error.to_string().contains("namespace"));
/// # });
/// ```
#[derive(Clone)]
pub struct Error {
    kind: ErrorKind,
    message: String,
}

/// The sort of an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A builder setting or an environment variable cannot be used; the text lists every one of them.
    Configuration,
    /// [`Larder::install`](crate::Larder::install) was called after an instance was already in force.
    AlreadyInstalled,
    /// Redis is configured, and did not answer in time or at all.
    Unavailable,
    /// A lease was lost before the work under it ended.
    LeaseLost,
    /// A record has a value of a unique field that another one has; the text names the field.
    Conflict,
    /// A stored record was written by another version of its type, or is damaged.
    Unreadable,
    /// A record has no stored form, or a field of it no form as a key.
    Unstorable,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// The sort of this error.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.message)
    }
}

impl std::error::Error for Error {}
