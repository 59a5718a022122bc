//! Protections that a checker takes out of the protocol, to see that it would find the fault that each one prevents.

use std::sync::atomic::{AtomicU8, Ordering};

/// One safeguard of the protocol between processes.
///
/// # Examples
///
/// ```no_run
/// // In a process that a checker started for this alone:
/// larder::testkit::sabotage(larder::testkit::Protection::TrackingLease);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Protection {
    /// The epochs that a value depends on are read before its body runs.
    StampBeforeBody,
    /// A flight that began before an invalidation is not joined after it.
    FlightsByEpoch,
    /// On a new link to Redis, every known epoch is read again.
    EpochsReadAgain,
    /// What memory holds is doubted once the link has been silent for the tracking lease.
    TrackingLease,
    /// Only whoever owns a lease renews and releases it.
    OwnLease,
    /// A lease is over by its holder's clock, whatever Redis says or does not say.
    LeaseDeadline,
}

static TAKEN_OUT: AtomicU8 = AtomicU8::new(0);

/// Takes a protection out, in every instance of this process and for as long as it lives: **stale values will be served**,
/// or two will lead.
///
/// A checker that finds nothing proves little; one that finds each of these faults has shown that it looks. So call this
/// only in a process that was started to be caught. It concerns real links to Redis; of the stand-in of
/// [`Larder::testing`](crate::Larder::testing) it takes out the first two only.
///
/// # Examples
///
/// ```no_run
/// use larder::testkit::{Protection, sabotage};
///
/// if std::env::var("CHECKER_SABOTAGE").as_deref() == Ok("flights") {
///     sabotage(Protection::FlightsByEpoch);
/// }
/// ```
pub fn sabotage(protection: Protection) {
    TAKEN_OUT.fetch_or(bit(protection), Ordering::Relaxed);
}

/// Whether a checker took this one out.
pub(crate) fn is_out(protection: Protection) -> bool {
    TAKEN_OUT.load(Ordering::Relaxed) & bit(protection) != 0
}

const fn bit(protection: Protection) -> u8 {
    1 << protection as u8
}
