//! Leadership for a block instead of a function.

use std::time::Duration;

use super::{Attempt, Lease, Terms};
use crate::error::{Error, ErrorKind};
use crate::instance::Larder;

/// Asks to be the one that runs a block of code.
///
/// # Examples
///
/// ```
/// # pollster::block_on(async {
/// use std::time::Duration;
///
/// if let Some(lease) = larder::LeaderGate::new("bootstrap").ttl(Duration::from_secs(30)).acquire().await? {
///     // .. what only one process may do, while `lease.is_held()` ..
///     lease.release().await?;
/// }
/// # Ok::<(), larder::Error>(()) }).unwrap();
/// ```
#[derive(Clone, Debug)]
#[must_use = "a gate does nothing until `acquire()`"]
pub struct LeaderGate {
    key: String,
    ttl: Duration,
    grace: Duration,
    renew: bool,
    larder: Option<Larder>,
}

impl LeaderGate {
    /// A gate of this name, in the instance in force: valid for 60 s, without grace, not renewed.
    pub fn new(key: impl Into<String>) -> Self {
        Self { key: key.into(), ttl: Duration::from_secs(60), grace: Duration::ZERO, renew: false, larder: None }
    }

    /// How long the lease is valid.
    pub const fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl;
        self
    }

    /// How long others are kept out after [`Lease::release`].
    pub const fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Whether the lease is renewed, each third of its ttl, as long as a handle to it lives.
    pub const fn renew(mut self, renew: bool) -> Self {
        self.renew = renew;
        self
    }

    /// Tries once. `None`: another holds the lease.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] for an empty key or a ttl of zero, [`ErrorKind::Unavailable`] when Redis is away.
    pub async fn acquire(self) -> Result<Option<Lease>, Error> {
        check(&self.key, self.ttl)?;
        let larder = self.larder.unwrap_or_else(Larder::current);
        let terms = Terms { label: "LeaderGate", ttl: self.ttl, grace: self.grace, renew: self.renew };
        match larder.leases().acquire(&self.key, terms, false).await {
            Ok(Attempt::Held(lease)) => Ok(Some(lease)),
            Ok(Attempt::Taken { .. }) => Ok(None),
            Err(refusal) => {
                let text = format!("LeaderGate: the lease could not be asked for: {refusal}; try again later");
                Err(Error::new(ErrorKind::Unavailable, text))
            }
        }
    }
}

/// Longer leases are refused.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3_600);

/// Refuses what can never be a lease.
pub(crate) fn check(key: &str, ttl: Duration) -> Result<(), Error> {
    let fault = if key.is_empty() {
        "a lease needs a key: give a name such as \"nightly\""
    } else if ttl < Duration::from_millis(10) {
        "the ttl of a lease must be at least 10 ms: it bounds how long others wait after a crash, such as \"30s\""
    } else if ttl > LONGEST {
        "the ttl of a lease must be at most 365 days: nobody can lead for that long after a crash, such as \"30s\""
    } else {
        return Ok(());
    };
    Err(Error::new(ErrorKind::Configuration, fault))
}

impl Larder {
    /// A [`LeaderGate`] of this instance.
    pub fn leader_gate(&self, key: impl Into<String>) -> LeaderGate {
        LeaderGate { larder: Some(self.clone()), ..LeaderGate::new(key) }
    }
}
