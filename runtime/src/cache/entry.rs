//! One stored value, and the judgement whether it may be served: no clock, no lock, no I/O.

use std::any::Any;
use std::time::Duration;

use crate::clock::Moment;
use crate::epoch::Stamp;

/// A value whose type is not known here: the way of a miss is compiled once, and not for every type of value.
pub(crate) type AnyValue = dyn Any + Send + Sync;

/// A value with all that decides whether it may be served.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) value: Box<AnyValue>,
    pub(crate) stamp: Stamp,
    /// When its epochs were known to be the present ones.
    pub(crate) born: Moment,
    /// When it is gone.
    pub(crate) deadline: Moment,
    /// Until when it is served; then it is for calls whose body fails.
    pub(crate) served_until: Moment,
    /// From when on a hit has it computed anew, in the background while it is served.
    pub(crate) renew_at: Moment,
    /// Whether it was stored, or only handed to those who waited for it.
    pub(crate) stored: bool,
    /// Which computation made it, in whatever process: no two share one.
    pub(crate) made: u64,
}

/// How soon a value ended by another process must be gone from this one's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) enum Coherence {
    /// Once the push arrives, and never later than the tracking lease.
    #[default]
    Tracked,
    /// At once: every hit asks Redis for the epochs.
    Strict,
    /// Within the ttl.
    Ttl,
}

/// What may be done with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Serve it.
    Fresh,
    /// Serve it only after the epochs were read again.
    Unconfirmed,
    /// Its life has ended, or something that it depends on was ended.
    Gone,
}

/// The times that a judgement depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    pub(crate) now: Moment,
    /// Until when the link is good.
    pub(crate) tracked_until: Moment,
    /// How long a process without a link may be wrong.
    pub(crate) lease: Duration,
}

/// Whether a value may be served: no clock, no lock, no I/O.
#[inline]
pub(crate) fn judge(current: bool, born: Moment, deadline: Moment, coherence: Coherence, times: Times) -> Verdict {
    let Times { now, tracked_until, lease } = times;
    if now >= deadline || !current {
        return Verdict::Gone;
    }
    match coherence {
        Coherence::Ttl => Verdict::Fresh,
        Coherence::Tracked if now < tracked_until || now < born + lease => Verdict::Fresh,
        Coherence::Strict if tracked_until == Moment::NEVER => Verdict::Fresh,
        Coherence::Tracked | Coherence::Strict => Verdict::Unconfirmed,
    }
}

/// Until when a body that was served this value may rely on it: what only stands by for failures is no part of its life,
/// unless it was served in such a case.
#[inline]
pub(crate) fn inherited(now: Moment, served_until: Moment, deadline: Moment) -> Moment {
    if now < served_until { served_until } else { deadline }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_combination_of_life_link_and_coherence() {
        const LEASE: Duration = Duration::from_nanos(10);
        let at = Moment::from_nanos;
        for (coherence, now, until, verdict) in [
            (Coherence::Tracked, 50, at(60), Verdict::Fresh),
            (Coherence::Tracked, 50, at(50), Verdict::Unconfirmed),
            (Coherence::Tracked, 9, at(0), Verdict::Fresh),
            (Coherence::Tracked, 10, at(0), Verdict::Unconfirmed),
            (Coherence::Tracked, 99, Moment::NEVER, Verdict::Fresh),
            (Coherence::Tracked, 100, Moment::NEVER, Verdict::Gone),
            (Coherence::Strict, 5, at(60), Verdict::Unconfirmed),
            (Coherence::Strict, 5, Moment::NEVER, Verdict::Fresh),
            (Coherence::Ttl, 50, at(0), Verdict::Fresh),
            (Coherence::Ttl, 100, at(0), Verdict::Gone),
        ] {
            let times = Times { now: at(now), tracked_until: until, lease: LEASE };
            assert_eq!(
                judge(true, at(0), at(100), coherence, times),
                verdict,
                "{coherence:?} at {now} until {until:?}"
            );
        }
    }

    #[test]
    fn what_was_ended_is_gone_whatever_else_holds() {
        for coherence in [Coherence::Tracked, Coherence::Strict, Coherence::Ttl] {
            let times = Times { now: Moment::START, tracked_until: Moment::NEVER, lease: Duration::from_secs(1) };
            assert_eq!(judge(false, Moment::START, Moment::NEVER, coherence, times), Verdict::Gone, "{coherence:?}");
        }
    }

    #[test]
    fn a_body_relies_on_what_stands_by_for_failures_only_where_that_was_served_to_it() {
        let at = Moment::from_nanos;
        assert_eq!([9, 10, 11].map(|now| inherited(at(now), at(10), at(20))), [at(10), at(20), at(20)]);
    }
}
