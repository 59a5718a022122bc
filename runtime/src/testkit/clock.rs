//! The clock that a test moves.
//!
//! Invariants:
//! 1. Time passes only in `advance`, one at a time, and stops at each moment that somebody waits for.
//! 2. At each stop the links look first, then the sleepers are woken, then the instances' threads run dry: what was due
//!    has happened before time goes on, and before `advance` returns.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::Notify;

use crate::clock::Moment;
use crate::reactor::{Reactor, WeakReactor};

/// The time of a testing instance, and of all that were made with [`another`](crate::testkit::Testing::another).
///
/// It stands still until it is moved. Lives, the tracking lease, the heartbeat, the breaker's pause, the operation
/// timeout of a stand-in that hangs, leases and their renewals all follow it.
///
/// # Examples
///
/// ```
/// # pollster::block_on(async {
/// use std::time::Duration;
/// use larder::Larder;
///
/// let larder = Larder::testing();
/// let lease = larder.leader_gate("nightly").ttl(Duration::from_secs(30)).acquire().await?.expect("nobody else");
/// larder.clock().advance(Duration::from_secs(29));
/// assert!(lease.is_held());
/// larder.clock().advance(Duration::from_secs(1));
/// assert!(!lease.is_held());
/// # Ok::<(), larder::Error>(()) }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Clock {
    pub(super) hand: Arc<Hand>,
}

impl Clock {
    /// Lets this much time pass, with all that happens in it: what is renewed each second has been renewed each second.
    ///
    /// When it returns, larder's own work that was due is done. Futures of the test's own runtime that were waiting
    /// have been woken, and go on when that runtime polls them. What the test's own code waits for by `tokio::time` is
    /// not moved.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let larder = larder::Larder::testing();
    /// larder.clock().advance(Duration::from_secs(3_600));
    /// assert!(larder.stats().redis.connected);
    /// ```
    pub fn advance(&self, span: Duration) {
        self.hand.advance(span);
    }

    /// How much time has passed since the clock was made.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let larder = larder::Larder::testing();
    /// larder.clock().advance(Duration::from_secs(5));
    /// assert_eq!(larder.clock().elapsed(), Duration::from_secs(5));
    /// ```
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.hand.now().since(Hand::FIRST)
    }
}

/// What looks at the time whenever it has moved.
pub(super) trait Follower: Send + Sync {
    fn follow(&self);
}

/// The hand of a clock that a test moves, and all who go by it.
#[derive(Default)]
pub(crate) struct Hand {
    /// Nanoseconds past [`Hand::FIRST`].
    passed: AtomicU64,
    advancing: Mutex<()>,
    sleepers: Mutex<Sleepers>,
    followers: Mutex<Vec<Weak<dyn Follower>>>,
    threads: Mutex<Vec<WeakReactor>>,
}

#[derive(Default)]
struct Sleepers {
    by_time: BTreeMap<(Moment, u64), Arc<Notify>>,
    next: u64,
}

impl Hand {
    /// So late that whatever is counted back from the present does not reach the start of time.
    pub(super) const FIRST: Moment = Moment::from_nanos(1_000_000 * 1_000_000_000);

    #[inline]
    pub(crate) fn now(&self) -> Moment {
        Self::FIRST + Duration::from_nanos(self.passed.load(Ordering::Acquire))
    }

    /// Has a follower look each time the hand has moved.
    pub(super) fn lead(&self, follower: Weak<dyn Follower>) {
        lock(&self.followers).push(follower);
    }

    /// Waits for a thread to run dry each time the hand has moved.
    pub(super) fn drive(&self, reactor: &Reactor) {
        lock(&self.threads).push(reactor.downgrade());
    }

    /// Waits until the hand has reached a moment. Works on every executor.
    pub(crate) async fn reaches(&self, until: Moment) {
        let woken = Arc::new(Notify::new());
        let asleep = {
            let mut sleepers = lock(&self.sleepers);
            if until <= self.now() {
                return;
            }
            let at = (until, sleepers.next);
            sleepers.next += 1;
            sleepers.by_time.insert(at, Arc::clone(&woken));
            Asleep { hand: self, at }
        };
        woken.notified().await;
        drop(asleep);
    }

    fn advance(&self, span: Duration) {
        let _one_at_a_time = lock(&self.advancing);
        self.run_dry();
        let target = self.now() + span;
        while let Some(due) = self.next_due(target) {
            self.stop_at(due);
        }
        self.stop_at(target);
    }

    /// The next moment that somebody waits for, up to `target`.
    fn next_due(&self, target: Moment) -> Option<Moment> {
        let sleepers = lock(&self.sleepers);
        sleepers.by_time.keys().next().map(|(due, _)| *due).filter(|due| *due <= target)
    }

    fn stop_at(&self, now: Moment) {
        let due: Vec<Arc<Notify>> = {
            let mut sleepers = lock(&self.sleepers);
            let passed = u64::try_from(now.since(Self::FIRST).as_nanos()).unwrap_or(u64::MAX);
            self.passed.fetch_max(passed, Ordering::AcqRel);
            let later = sleepers.by_time.split_off(&(now, u64::MAX));
            std::mem::replace(&mut sleepers.by_time, later).into_values().collect()
        };
        let followers: Vec<Arc<dyn Follower>> = {
            let mut followers = lock(&self.followers);
            followers.retain(|follower| follower.strong_count() > 0);
            followers.iter().filter_map(Weak::upgrade).collect()
        };
        followers.iter().for_each(|follower| follower.follow());
        due.iter().for_each(|sleeper| sleeper.notify_one());
        self.run_dry();
    }

    /// Waits until all that is ready on the instances' threads has been run.
    pub(super) fn run_dry(&self) {
        let threads: Vec<Reactor> = {
            let mut threads = lock(&self.threads);
            threads.retain(|thread| thread.upgrade().is_some());
            threads.iter().filter_map(WeakReactor::upgrade).collect()
        };
        threads.iter().for_each(Reactor::settle);
    }
}

impl fmt::Debug for Hand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hand").field("passed", &self.now().since(Self::FIRST)).finish_non_exhaustive()
    }
}

/// A place among the sleepers: given up when the wait is.
struct Asleep<'a> {
    hand: &'a Hand,
    at: (Moment, u64),
}

impl Drop for Asleep<'_> {
    fn drop(&mut self) {
        lock(&self.hand.sleepers).by_time.remove(&self.at);
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_stops_at_each_moment_that_somebody_waits_for() {
        let hand = Arc::new(Hand::default());
        let reactor = Reactor::default();
        hand.drive(&reactor);
        let seen: Arc<Mutex<Vec<u64>>> = Arc::default();
        let (sleeper, stops) = (Arc::clone(&hand), Arc::clone(&seen));
        let _ = reactor.spawn(async move {
            for _ in 0..3 {
                sleeper.reaches(sleeper.now() + Duration::from_nanos(4)).await;
                lock(&stops).push(sleeper.passed.load(Ordering::Relaxed));
            }
        });
        hand.advance(Duration::from_nanos(9));
        assert_eq!(*lock(&seen), [4, 8]);
        assert_eq!(hand.passed.load(Ordering::Relaxed), 9);
        hand.advance(Duration::from_nanos(100));
        assert_eq!(*lock(&seen), [4, 8, 12]);
    }

    #[test]
    fn a_dropped_wait_leaves_nothing_behind() {
        let hand = Hand::default();
        {
            let waiting = std::pin::pin!(hand.reaches(hand.now() + Duration::from_secs(1)));
            let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
            assert!(waiting.poll(&mut cx).is_pending());
            assert_eq!(lock(&hand.sleepers).by_time.len(), 1);
        }
        assert!(lock(&hand.sleepers).by_time.is_empty());
    }
}
