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
    terms: Terms,
    larder: Option<Larder>,
}

impl LeaderGate {
    /// A gate of this name, in the instance in force: valid for 60 s, without grace, not renewed, tried once, by the word of
    /// the master alone.
    pub fn new(key: impl Into<String>) -> Self {
        let terms = Terms { ttl: Duration::from_secs(60), ..Terms::of("LeaderGate") };
        Self { key: key.into(), terms, larder: None }
    }

    /// How long the lease is valid.
    pub const fn ttl(mut self, ttl: Duration) -> Self {
        self.terms.ttl = ttl;
        self
    }

    /// How long others are kept out after [`Lease::release`].
    pub const fn grace(mut self, grace: Duration) -> Self {
        self.terms.grace = grace;
        self
    }

    /// Whether the lease is renewed, each third of its ttl, as long as a handle to it lives.
    pub const fn renew(mut self, renew: bool) -> Self {
        self.terms.renew = renew;
        self
    }

    /// For how long to wait where another holds the lease, or Redis is away; zero, the default, tries once. Who waits is
    /// woken when the lease is let go, and else when its time is over.
    ///
    /// # Examples
    ///
    /// ```
    /// # pollster::block_on(async {
    /// use std::time::Duration;
    ///
    /// let gate = larder::LeaderGate::new("migration").wait(Duration::from_secs(30));
    /// let first = gate.clone().acquire().await?.expect("nobody else");
    /// std::thread::spawn(move || drop(first));                // .. later, and elsewhere ..
    /// assert!(gate.acquire().await?.is_some());
    /// # Ok::<(), larder::Error>(()) }).unwrap();
    /// ```
    pub const fn wait(mut self, wait: Duration) -> Self {
        self.terms.wait = wait;
        self
    }

    /// How many of Redis's replicas must have the lease before it counts, and each renewal of it; zero, the default, asks
    /// none. Where fewer have it within a quarter of the operation timeout, the lease is taken back and Redis counts as
    /// unavailable.
    ///
    /// Replication is asynchronous: a failover to a replica that had not received a lease grants it a second time. With as
    /// many replicas as there are, no failover forgets one that was granted; with fewer it is rarer. A replica that was cut
    /// off or restarted without its data can still take over. Where there is no Redis it does nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # pollster::block_on(async {
    /// let lease = larder::LeaderGate::new("billing").min_replicas(1).acquire().await?;
    /// # drop(lease);
    /// # Ok::<(), larder::Error>(()) }).unwrap();
    /// ```
    pub const fn min_replicas(mut self, replicas: u32) -> Self {
        self.terms.min_replicas = replicas;
        self
    }

    /// Tries once, or as long as it may [`wait`](Self::wait). `None`: another holds the lease.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] for an empty key or a ttl outside 10 ms to 365 days, [`ErrorKind::Unavailable`] when
    /// Redis is away, or has too few replicas.
    pub async fn acquire(self) -> Result<Option<Lease>, Error> {
        check(&self.key, self.terms.ttl)?;
        let larder = self.larder.unwrap_or_else(Larder::current);
        match larder.leases().acquire(&self.key, self.terms, false).await {
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
