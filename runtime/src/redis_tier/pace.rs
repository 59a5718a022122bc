//! How far a server's clock is ahead of this process's, and when it was seen to leap forward.
//!
//! Invariant: the bounds hold for certain, since the server read its clock between the question and the answer. So what is
//! called a leap is one; a leap that is shorter than a round trip is not seen.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Moment;

/// One server's clock, by the precise one of this process.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    bounds: Option<Bounds>,
    leapt: Option<Moment>,
}

/// By how many microseconds the server is ahead.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    least: i64,
    most: i64,
    at: Moment,
}

/// Clocks that are driven, or corrected without a leap, part by at most one in so many.
const DRIFT: i64 = 1_000;
/// A server may have read its clock once for several commands, so many microseconds before. The margin of a lease is larger.
const CACHED: i64 = 500;

impl Pace {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the server's clock said, in microseconds, between these moments.
    pub(crate) fn heard(&self, server: u64, asked: Moment, answered: Moment) {
        let server = i64::try_from(server).unwrap_or(i64::MAX);
        let (least, most) =
            (server.saturating_sub(micros(answered) + 1), server.saturating_sub(micros(asked)) + CACHED);
        let mut known = self.known();
        known.bounds = Some(match known.bounds {
            None => Bounds { least, most, at: answered },
            Some(before) => {
                let drift = (micros(answered) - micros(before.at)).max(0) / DRIFT + 1;
                let (earliest, latest) = (before.least - drift, before.most + drift);
                if least > latest {
                    known.leapt = Some(answered);
                }
                if least > latest || most < earliest {
                    Bounds { least, most, at: answered }
                } else {
                    Bounds { least: least.max(earliest), most: most.min(latest), at: before.at.max(answered) }
                }
            }
        });
    }

    /// For how long a lease may still be held that the server let go early when its clock leapt: its ttl counts from the
    /// leap at most.
    pub(crate) fn doubt(&self, ttl: Duration, now: Moment) -> Duration {
        self.known().leapt.map_or(Duration::ZERO, |leapt| (leapt + ttl).since(now))
    }
}

fn micros(moment: Moment) -> i64 {
    i64::try_from(moment.as_nanos() / 1_000).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(millis: u64) -> Moment {
        Moment::from_nanos(millis * 1_000_000)
    }

    /// A server that is ahead by so many milliseconds, heard in the middle of a round trip of 10 ms that began at `asked`.
    fn hear(pace: &Pace, asked: u64, ahead: u64) {
        pace.heard((asked + 5 + ahead) * 1_000, at(asked), at(asked + 10));
    }

    const TTL: Duration = Duration::from_secs(1);

    #[test]
    fn a_leap_is_doubted_for_one_ttl_and_no_longer() {
        let pace = Pace::default();
        hear(&pace, 0, 1_000);
        hear(&pace, 100, 1_000);
        assert_eq!(pace.doubt(TTL, at(110)), Duration::ZERO);
        hear(&pace, 200, 1_020);
        assert_eq!(pace.doubt(TTL, at(210)), TTL);
        hear(&pace, 300, 1_020);
        assert_eq!(pace.doubt(TTL, at(310)), Duration::from_millis(900), "one leap is seen once");
        assert_eq!(pace.doubt(TTL, at(1_210)), Duration::ZERO);
    }

    #[test]
    fn neither_a_slow_answer_nor_a_clock_set_back_nor_one_that_drifts_is_a_leap() {
        let pace = Pace::default();
        let calm = |at| assert_eq!(pace.doubt(Duration::MAX, at), Duration::ZERO, "{at:?}");
        hear(&pace, 0, 5_000);
        pace.heard(5_100_000, at(50), at(900));
        hear(&pace, 1_000, 5_000);
        hear(&pace, 1_100, 0);
        calm(at(1_110));
        // Forward by less than one in a thousand.
        for second in 2..200 {
            hear(&pace, second * 1_000, second / 2);
            calm(at(second * 1_000 + 10));
        }
    }

    #[test]
    fn a_leap_after_a_clock_was_set_back_is_seen_too() {
        let pace = Pace::default();
        hear(&pace, 0, 5_000);
        hear(&pace, 100, 0);
        hear(&pace, 200, 5_000);
        assert_eq!(pace.doubt(TTL, at(210)), TTL);
    }
}
