//! One held lease: valid until its time, renewed, lost or released.
//!
//! Invariants:
//! 1. `valid_until` is counted from before the request that granted or renewed it was sent, less a margin: the server
//!    lets go later than this process.
//! 2. `over` is set once and never cleared; whoever sets it wakes all who wait in `lost`.
//! 3. Only the owner's own name is ever renewed or released.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::Notify;

use super::{Leases, RETRY, Terms};
use crate::ambient::Ambient;
use crate::clock::Moment;
use crate::error::{Error, ErrorKind};
use crate::log;
use crate::remote::Refusal;

/// A lease that this process was granted.
///
/// Dropping the last handle releases it in the background.
#[derive(Clone)]
pub struct Lease {
    term: Arc<Term>,
}

struct Term {
    leases: Leases,
    shared: bool,
    key: Arc<str>,
    owner: Arc<str>,
    token: u64,
    terms: Terms,
    /// Nanoseconds of the precise clock.
    valid_until: AtomicU64,
    over: AtomicBool,
    /// Whether there is still something to release.
    owed: AtomicBool,
    ended: Notify,
}

impl Lease {
    pub(super) fn begin(
        leases: Leases,
        shared: bool,
        key: Arc<str>,
        owner: Arc<str>,
        token: u64,
        terms: Terms,
        asked: Moment,
    ) -> Self {
        let term = Arc::new(Term {
            leases,
            shared,
            key,
            owner,
            token,
            terms,
            valid_until: AtomicU64::new((asked + valid_for(terms.ttl)).as_nanos()),
            over: AtomicBool::new(false),
            owed: AtomicBool::new(true),
            ended: Notify::new(),
        });
        let _ = term.leases.reactor.spawn(watch(Arc::downgrade(&term)));
        Self { term }
    }

    /// The fencing token: it grows strictly from holder to holder. Store it with what you write, and refuse a write that
    /// carries a smaller one (`.. WHERE fence < ?`).
    #[must_use]
    pub fn token(&self) -> u64 {
        self.term.token
    }

    /// Whether the lease is valid now, by this process's clock. Asks nobody.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.term.is_held()
    }

    /// How long the lease is valid if it is not renewed.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        if self.term.over.load(Ordering::Acquire) {
            return Duration::ZERO;
        }
        self.term.valid_until().since(self.term.leases.clock().precise())
    }

    /// Waits until the lease is over.
    pub async fn lost(&self) {
        loop {
            let ended = self.term.ended.notified();
            tokio::pin!(ended);
            ended.as_mut().enable();
            if !self.is_held() {
                return;
            }
            ended.await;
        }
    }

    /// Ends the lease; with a grace, keeps others out for that long. Does nothing if it was lost.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`] when Redis did not confirm: the lease then ends by its time.
    pub async fn release(self) -> Result<(), Error> {
        let grace = self.term.terms.grace;
        self.finish(grace).await
    }

    /// Ends the lease, keeping others out for `grace`.
    pub(crate) async fn finish(self, grace: Duration) -> Result<(), Error> {
        let term = Arc::clone(&self.term);
        if !term.owed.swap(false, Ordering::AcqRel) {
            return Ok(());
        }
        term.end();
        let (leases, shared, key, owner) =
            (term.leases.clone(), term.shared, Arc::clone(&term.key), Arc::clone(&term.owner));
        let done = term.leases.reactor.spawn(async move {
            if grace.is_zero() {
                leases.release(shared, key, owner).await
            } else {
                leases.renew(shared, key, owner, grace).await
            }
        });
        match done.result().await {
            Some(Ok(_)) => Ok(()),
            _ => {
                let text = format!("{}: the lease could not be released: it ends by its time", term.terms.label);
                log::warn(&format_args!("{text}"));
                Err(Error::new(ErrorKind::Unavailable, text))
            }
        }
    }
}

impl Term {
    fn valid_until(&self) -> Moment {
        #[cfg(feature = "testkit")]
        if crate::testkit::is_out(crate::testkit::Protection::LeaseDeadline) {
            return Moment::NEVER;
        }
        Moment::from_nanos(self.valid_until.load(Ordering::Acquire))
    }

    fn is_held(&self) -> bool {
        !self.over.load(Ordering::Acquire) && self.leases.clock().precise() < self.valid_until()
    }

    fn end(&self) {
        self.over.store(true, Ordering::Release);
        self.ended.notify_waiters();
    }
}

/// The part of a ttl that the holder counts on: the rest covers clocks that run at different speeds, and the time that
/// it takes to stop a body.
fn valid_for(ttl: Duration) -> Duration {
    ttl - (ttl / 50).max(Duration::from_millis(1)).min(ttl)
}

/// Renews the lease while somebody holds it, and ends it when its time has come.
async fn watch(weak: Weak<Term>) {
    let mut next_renewal = None;
    loop {
        let Some(term) = weak.upgrade() else { return };
        if !term.is_held() {
            if !term.over.load(Ordering::Acquire) {
                log::warn(&format_args!("{}: the lease was lost: its time ran out", term.terms.label));
            }
            term.end();
            return;
        }
        let now = term.leases.clock().precise();
        let renewal = *next_renewal.get_or_insert_with(|| now + spread(term.terms.ttl / 3));
        if term.terms.renew && now >= renewal {
            let asked = now;
            let (key, owner) = (Arc::clone(&term.key), Arc::clone(&term.owner));
            let renewing = term.leases.renew(term.shared, key, owner, term.terms.ttl);
            let renewed = term.leases.clock().timeout_at(term.valid_until(), renewing).await;
            next_renewal = match renewed.unwrap_or(Err(Refusal::Unknown)) {
                Ok(true) => {
                    term.valid_until.store((asked + valid_for(term.terms.ttl)).as_nanos(), Ordering::Release);
                    None
                }
                Ok(false) => {
                    log::warn(&format_args!("{}: the lease was lost: it was not there to renew", term.terms.label));
                    term.end();
                    return;
                }
                Err(_) => Some(asked + RETRY),
            };
            continue;
        }
        let until = term.valid_until();
        let wake = if term.terms.renew { until.min(renewal) } else { until };
        let clock = term.leases.clock().clone();
        drop(term);
        clock.sleep_until(wake).await;
    }
}

/// A time that many processes do not share exactly.
fn spread(span: Duration) -> Duration {
    span.mul_f64(0.9 + 0.1 * fastrand::f64())
}

impl Drop for Term {
    fn drop(&mut self) {
        if *self.owed.get_mut() {
            let (leases, shared) = (self.leases.clone(), self.shared);
            let (key, owner) = (Arc::clone(&self.key), Arc::clone(&self.owner));
            let _ = self.leases.reactor.spawn(async move {
                if leases.release(shared, key, owner).await.is_err() {
                    log::warn(&format_args!("a dropped lease could not be released: it ends by its time"));
                }
            });
        }
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease")
            .field("of", &self.term.terms.label)
            .field("token", &self.term.token)
            .field("held", &self.is_held())
            .finish()
    }
}

/// The lease that the `#[leader]` body around this call runs under; `None` outside one.
#[must_use]
pub fn lease() -> Option<Lease> {
    Ambient::current().and_then(|ambient| ambient.lease.clone())
}
