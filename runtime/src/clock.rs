//! The monotonic clock that every deadline of an instance is read from.

use std::ops::Add;
use std::time::{Duration, Instant};

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
}

impl Clock {
    pub(crate) fn system() -> Self {
        Self { precise_start: Instant::now() }
    }

    /// The coarse time: for the life of cached values.
    #[inline]
    pub(crate) fn coarse(&self) -> Moment {
        Moment(nanos(coarsetime::Instant::now_without_cache_update().as_ticks()))
    }

    /// The precise time: for leases. Not comparable with [`coarse`](Self::coarse).
    pub(crate) fn precise(&self) -> Moment {
        Moment::START + self.precise_start.elapsed()
    }
}

/// Coarsetime's ticks (units of 2^-32 s) as nanoseconds.
#[inline]
const fn nanos(ticks: u64) -> u64 {
    (ticks >> 32) * 1_000_000_000 + (((ticks & 0xffff_ffff) * 1_000_000_000) >> 32)
}
