//! The monotonic clock that every deadline of an instance is read from.

use std::future::{Future, poll_fn};
use std::ops::Add;
use std::pin::pin;
#[cfg(feature = "testkit")]
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

#[cfg(feature = "testkit")]
use crate::testkit::Hand;

/// A point on the monotonic clock, in nanoseconds since the clock began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(u64);

impl Moment {
    /// Later than every other moment.
    pub(crate) const NEVER: Self = Self(u64::MAX);
    /// Earlier than every other moment.
    pub(crate) const START: Self = Self(0);

    pub(crate) const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    pub(crate) const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The moment this long before.
    pub(crate) fn before(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)))
    }

    /// How long from `earlier` to `self`; zero when it lies ahead.
    pub(crate) const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Moment {
    type Output = Self;

    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)))
    }
}

/// Reads the time.
///
/// A cache hit reads the operating system's coarse monotonic clock (some milliseconds of resolution, a third of the
/// cost of a precise reading). A lease reads the precise one.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    precise_start: Instant,
    /// What a test moves instead of the time.
    #[cfg(feature = "testkit")]
    hand: Option<Arc<Hand>>,
}

impl Clock {
    pub(crate) fn system() -> Self {
        Self {
            precise_start: Instant::now(),
            #[cfg(feature = "testkit")]
            hand: None,
        }
    }

    /// A clock that stands still until its hand is moved: coarse and precise are one.
    #[cfg(feature = "testkit")]
    pub(crate) fn moved_by(hand: Arc<Hand>) -> Self {
        Self { hand: Some(hand), ..Self::system() }
    }

    /// Whether a test moves this clock.
    #[cfg(feature = "testkit")]
    pub(crate) const fn is_moved(&self) -> bool {
        self.hand.is_some()
    }

    /// The coarse time: for the life of cached values.
    #[inline]
    pub(crate) fn coarse(&self) -> Moment {
        #[cfg(feature = "testkit")]
        if let Some(hand) = &self.hand {
            return hand.now();
        }
        Moment(nanos(coarsetime::Instant::now_without_cache_update().as_ticks()))
    }

    /// By how much the coarse time may lag behind the precise one.
    pub(crate) const fn lag(&self) -> Duration {
        #[cfg(feature = "testkit")]
        if self.hand.is_some() {
            return Duration::ZERO;
        }
        Duration::from_millis(20)
    }

    /// The precise time: for leases. Not comparable with [`coarse`](Self::coarse).
    pub(crate) fn precise(&self) -> Moment {
        #[cfg(feature = "testkit")]
        if let Some(hand) = &self.hand {
            return hand.now();
        }
        Moment::START + self.precise_start.elapsed()
    }

    /// Waits until the precise time has come. Needs a tokio runtime with timers, unless a hand moves this clock.
    pub(crate) async fn sleep_until(&self, until: Moment) {
        #[cfg(feature = "testkit")]
        if let Some(hand) = &self.hand {
            return hand.reaches(until).await;
        }
        tokio::time::sleep(until.since(self.precise())).await;
    }

    /// What a future gives, or `None` when the precise time comes first.
    pub(crate) async fn timeout_at<F: Future>(&self, until: Moment, future: F) -> Option<F::Output> {
        let (mut future, mut over) = (pin!(future), pin!(self.sleep_until(until)));
        poll_fn(|cx| match future.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => over.as_mut().poll(cx).map(|()| None),
        })
        .await
    }
}

/// Coarsetime's ticks (units of 2^-32 s) as nanoseconds.
#[inline]
const fn nanos(ticks: u64) -> u64 {
    (ticks >> 32) * 1_000_000_000 + (((ticks & 0xffff_ffff) * 1_000_000_000) >> 32)
}
