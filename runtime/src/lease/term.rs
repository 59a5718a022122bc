//! One held lease: valid until its time, renewed, lost or released.
//!
//! Invariants:
//! 1. `valid_until` is counted from before the request that granted or renewed it was sent, less a margin: the server
//!    lets go later than this process.
//! 2. `over` is set once and never cleared; whoever sets it wakes all who wait in `lost`.
//! 3. Only the owner's own name is ever renewed or released.
//! 4. Once `stopping`, it is not renewed any more: it ends, at the latest, by its time.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::Notify;

use super::{Keeper, Leases, Own, RETRY, Terms};
use crate::ambient::Ambient;
use crate::clock::Moment;
use crate::error::{Error, ErrorKind};
use crate::log;
use crate::reactor::Spawned;
use crate::remote::Refusal;

/// A lease that this process was granted.
///
/// Dropping the last handle releases it in the background. The lease of a [`leader`](macro@crate::leader) function or a
/// [`Campaign`](crate::Campaign) ends with its body, whoever else has a handle.
///
/// # Examples
///
/// ```
/// # pollster::block_on(async {
/// let lease = larder::LeaderGate::new("import").acquire().await?.expect("nobody else");
/// assert!(lease.is_held());                                // by this process's clock
/// assert!(lease.check().await?);                           // by Redis's word
/// println!("UPDATE .. SET fence = {0} WHERE fence <= {0}", lease.token());
/// lease.release().await?;
/// # Ok::<(), larder::Error>(()) }).unwrap();
/// ```
#[derive(Clone)]
pub struct Lease {
    term: Arc<Term>,
}

struct Term {
    leases: Leases,
    keeper: Arc<dyn Keeper>,
    own: Own,
    token: u64,
    terms: Terms,
    /// Nanoseconds of the precise clock.
    valid_until: AtomicU64,
    over: AtomicBool,
    /// Whether there is still something to release.
    owed: AtomicBool,
    stopping: AtomicBool,
    /// Notified when `over` or `stopping` is set.
    ended: Notify,
}

impl Lease {
    pub(super) fn begin(
        leases: Leases,
        keeper: Arc<dyn Keeper>,
        own: Own,
        token: u64,
        terms: Terms,
        asked: Moment,
    ) -> Self {
        if !terms.turn {
            leases.shared.counters.elections.up();
            log::elected(terms.label, token);
        }
        let term = Arc::new(Term {
            leases,
            keeper,
            own,
            token,
            terms,
            valid_until: AtomicU64::new((asked + valid_for(terms.ttl)).as_nanos()),
            over: AtomicBool::new(false),
            owed: AtomicBool::new(true),
            stopping: AtomicBool::new(false),
            ended: Notify::new(),
        });
        let _ = term.leases.shared.reactor.spawn(watch(Arc::downgrade(&term)));
        Self { term }
    }

    /// The key, as it was asked for.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.term.own.key
    }

    /// The fencing token: it grows strictly from holder to holder. Store it with what you write, and refuse a write that
    /// carries a smaller one (`.. WHERE fence <= ?`, so that a holder may write more than once).
    #[must_use]
    pub fn token(&self) -> u64 {
        self.term.token
    }

    /// Whether the lease is valid now, by this process's clock. Asks nobody.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.term.is_held()
    }

    /// Whether the lease is valid now and still this process's by the word of Redis, asked now; if it is another's or
    /// gone, the lease is lost here at once.
    ///
    /// It finds what no clock of this process can tell: a failover that forgot the lease, a server whose clock leapt, a
    /// key deleted by hand. It does not prolong the lease, and the answer is as old as the way back: what must never be
    /// written twice needs the [`token`](Self::token).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`] when Redis did not answer within the operation timeout: the lease stays as it is.
    ///
    /// # Examples
    ///
    /// ```
    /// # pollster::block_on(async {
    /// # let lease = larder::LeaderGate::new("import").acquire().await?.expect("nobody else");
    /// if lease.check().await? {
    ///     // .. a step that is expensive to do twice ..
    /// }
    /// # Ok::<(), larder::Error>(()) }).unwrap();
    /// ```
    pub async fn check(&self) -> Result<bool, Error> {
        let term = &self.term;
        if !term.is_held() {
            return Ok(false);
        }
        match term.keeper.holds(term.own.clone()).await {
            Ok(true) => Ok(term.is_held()),
            Ok(false) => {
                term.lose("Redis does not have it any more");
                Ok(false)
            }
            Err(refusal) => {
                let label = term.terms.label;
                let text = format!("{label}: the lease could not be checked: {refusal}; it ends by its time");
                Err(Error::new(ErrorKind::Unavailable, text))
            }
        }
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
        self.until(|term| !term.is_held()).await;
    }

    /// Waits until the work under the lease should end: its [`Campaign`](crate::Campaign) is shut down, or the lease is
    /// over.
    ///
    /// # Examples
    ///
    /// ```
    /// # async fn one_round() {}
    /// # async fn rounds(lease: larder::Lease) {
    /// loop {
    ///     tokio::select! {
    ///         () = lease.stopping() => break,      // between two rounds, never inside one
    ///         () = tokio::time::sleep(std::time::Duration::from_secs(5)) => one_round().await,
    ///     }
    /// }
    /// # }
    /// ```
    pub async fn stopping(&self) {
        self.until(|term| term.stopping.load(Ordering::Acquire) || !term.is_held()).await;
    }

    async fn until(&self, come: impl Fn(&Term) -> bool) {
        loop {
            let ended = self.term.ended.notified();
            tokio::pin!(ended);
            ended.as_mut().enable();
            if come(&self.term) {
                return;
            }
            ended.await;
        }
    }

    /// Ends the lease; with a grace, keeps others out for that long. A lease that was lost keeps nobody out.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unavailable`] when Redis did not confirm: it is asked again in the background until the lease's time is
    /// over.
    pub async fn release(self) -> Result<(), Error> {
        let grace = self.term.terms.grace;
        self.finish(grace).await
    }

    /// Ends the lease, keeping others out for `grace`.
    pub(crate) async fn finish(&self, grace: Duration) -> Result<(), Error> {
        let Some(released) = self.term.let_go(grace) else { return Ok(()) };
        match released.result().await {
            Some(Ok(_)) => Ok(()),
            _ => Err(Error::new(ErrorKind::Unavailable, unreleased(self.term.terms.label))),
        }
    }

    /// Ends the lease, and waits for nothing.
    pub(super) fn abandon(&self) {
        let _ = self.term.let_go(Duration::ZERO);
    }

    /// Renews it no more, and tells whoever works under it.
    pub(super) fn stop(&self) {
        self.term.stopping.store(true, Ordering::Release);
        self.term.ended.notify_waiters();
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

    fn is_renewed(&self) -> bool {
        self.terms.renew && !self.stopping.load(Ordering::Acquire)
    }

    /// Ends it; where it was not over before, says so before anybody is woken.
    fn end(&self, say: impl FnOnce()) {
        if !self.over.swap(true, Ordering::AcqRel) {
            say();
        }
        self.ended.notify_waiters();
    }

    fn lose(&self, why: &str) {
        self.end(|| {
            if !self.terms.turn {
                self.leases.shared.counters.lost.up();
                log::lost(self.terms.label, self.token, why);
            }
        });
    }

    /// Ends it here at once, and at its keeper in the background. `None`: that was done already.
    fn let_go(&self, grace: Duration) -> Option<Spawned<Result<bool, Refusal>>> {
        if !self.owed.swap(false, Ordering::AcqRel) {
            return None;
        }
        let grace = if self.is_held() { grace } else { Duration::ZERO };
        if !self.is_held() {
            // Whoever works under it may notice before the watch does.
            self.lose(RAN_OUT);
        } else {
            self.end(|| {
                if !self.terms.turn {
                    log::released(self.terms.label, self.token)
                }
            });
        }
        let kept = if grace.is_zero() { Moment::START } else { self.leases.clock().precise() + grace };
        let (leases, keeper, own, terms) =
            (self.leases.clone(), Arc::clone(&self.keeper), self.own.clone(), self.terms);
        Some(self.leases.shared.reactor.spawn(async move {
            let released = keeper.release(own.clone(), grace).await;
            if released.is_err() {
                log::warn(&format_args!("{}", unreleased(terms.label)));
                leases.let_go(&keeper, own, terms.ttl, kept);
            }
            released
        }))
    }
}

const RAN_OUT: &str = "its time ran out";

fn unreleased(label: &str) -> String {
    format!("{label}: the lease could not be released: that is tried again until its time is over")
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
            return term.lose(RAN_OUT);
        }
        let now = term.leases.clock().precise();
        let renewal = *next_renewal.get_or_insert_with(|| now + spread(term.terms.ttl / 3));
        if term.is_renewed() && now >= renewal {
            let asked = now;
            let renewing = term.keeper.renew(term.own.clone(), term.terms.ttl);
            let renewed = term.leases.clock().timeout_at(term.valid_until(), renewing).await;
            next_renewal = match renewed.unwrap_or(Err(Refusal::Unknown)) {
                // What was once seen to be over is never held again.
                Ok(true) if !term.is_held() => return term.lose(RAN_OUT),
                Ok(true) => {
                    if !term.terms.turn {
                        term.leases.shared.counters.renewals.up();
                    }
                    term.valid_until.store((asked + valid_for(term.terms.ttl)).as_nanos(), Ordering::Release);
                    None
                }
                Ok(false) => return term.lose("it was not there to renew"),
                Err(_) => Some(asked + RETRY),
            };
            continue;
        }
        let until = term.valid_until();
        let wake = if term.is_renewed() { until.min(renewal) } else { until };
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
        let _ = self.let_go(Duration::ZERO);
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
