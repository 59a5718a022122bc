//! An epoch with its fences, as the tier tells it.
//!
//! In Redis: `microseconds.random`, and for each live fence ` token:expiry:life`; the expiry in microseconds of the server's
//! clock, the life in milliseconds.

use std::time::Duration;

use super::Epoch;
use crate::clock::Moment;

/// What the tier says of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) epoch: Epoch,
    /// No computation that begins before this may be stored.
    pub(crate) fenced: Moment,
}

impl From<Epoch> for Told {
    fn from(epoch: Epoch) -> Self {
        Self { epoch, fenced: Moment::START }
    }
}

/// A fence around a write: while it stands, what is computed is answered and not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fence {
    pub(crate) token: u64,
    pub(crate) life: Duration,
}

/// What becomes of a fence where a name is ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Fencing {
    #[default]
    None,
    Raise(Fence),
    /// The one with this token is taken away.
    Lower(u64),
}

/// What a tier's times mean here.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    pub(crate) here: Moment,
    /// The tier's clock at that moment, or less, in microseconds; `None` where it is not known.
    pub(crate) there: Option<u64>,
    /// How long after its epoch was raised a name's source may still show what was there before.
    pub(crate) settle: Duration,
}

impl Reading {
    /// What stands in Redis; `None` for anything else.
    pub(crate) fn read(&self, bytes: &[u8]) -> Option<Told> {
        let mut parts = std::str::from_utf8(bytes).ok()?.split(' ');
        let epoch = Epoch::parse(parts.next()?)?;
        let mut fenced = self.settled(epoch);
        for fence in parts {
            let (token, times) = fence.split_once(':')?;
            let (expiry, life) = times.split_once(':')?;
            let [_, expiry, life] = [number(token)?, number(expiry)?, number(life)?];
            fenced = fenced.max(self.until(expiry, Duration::from_millis(life)));
        }
        Some(Told { epoch, fenced })
    }

    /// When the source surely shows what was there as the epoch was raised.
    pub(crate) fn settled(&self, epoch: Epoch) -> Moment {
        let settle = u64::try_from(self.settle.as_micros()).unwrap_or(u64::MAX);
        match epoch.micros() {
            raised if settle > 0 && raised > 0 => self.until(raised.saturating_add(settle), self.settle),
            _ => Moment::START,
        }
    }

    /// Not earlier than the tier's clock shows `expiry`, which was `life` ahead when it was written.
    fn until(&self, expiry: u64, life: Duration) -> Moment {
        match self.there {
            Some(there) if expiry < there => self.here.before(Duration::from_micros(there - expiry)),
            Some(there) => self.here + Duration::from_micros(expiry - there).min(life),
            None => self.here + life,
        }
    }
}

fn number(text: &str) -> Option<u64> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;
    const fn reading(there: Option<u64>) -> Reading {
        Reading { here: Moment::from_nanos(10_000_000_000), there, settle: Duration::ZERO }
    }

    fn at(seconds: f64) -> Moment {
        Moment::START + Duration::from_secs_f64(seconds)
    }

    #[test]
    fn an_epoch_is_read_or_refused() {
        let good = reading(None).read(b"1763712345678901.17").expect("an epoch");
        assert_eq!(good, Epoch::confirmed(1_763_712_345_678_901 * Epoch::RANDOM + 17).into());
        for garbage in [
            &b""[..],
            b"7",
            b"-1.0",
            b"1.4096",
            b"0.0",
            b"0.1",
            b"2251799813685248.1",
            b"\xff.1",
            b"99999999999999999999.1",
            b"1.1.1",
        ] {
            assert_eq!(reading(None).read(garbage), None, "{garbage:?}");
        }
        for garbage in ["9.1 ", "9.1 1", "9.1 1:2", "9.1 1:2:3:4", "9.1 1:-2:3", "9.1 :2:3", "9.1  1:2:3", "9.1 1:+2:3"]
        {
            assert_eq!(reading(None).read(garbage.as_bytes()), None, "{garbage}");
        }
    }

    #[test]
    fn the_latest_fence_counts_and_what_is_not_known_errs_to_the_longer() {
        let text = format!("9.1 5:{}:4000 6:{}:4000", 100 * SECOND, 102 * SECOND);
        let fenced = |there| reading(there).read(text.as_bytes()).expect("fences").fenced;
        assert_eq!(fenced(Some(99 * SECOND)), at(13.0));
        assert_eq!(fenced(Some(103 * SECOND)), at(9.0), "over, and known when");
        assert_eq!(fenced(None), at(14.0), "its whole life from now");
        assert_eq!(fenced(Some(SECOND)), at(14.0), "never longer than that: the clock of the server leapt");
    }

    #[test]
    fn a_source_settles_after_its_epoch_was_raised() {
        let mut reading = reading(Some(101 * SECOND));
        let told = |reading: &Reading| reading.read(format!("{}.1", 100 * SECOND).as_bytes()).expect("an epoch").fenced;
        assert_eq!(told(&reading), Moment::START);
        reading.settle = Duration::from_secs(3);
        assert_eq!(told(&reading), at(12.0));
        assert_eq!(reading.settled(Epoch::UNKNOWN), Moment::START);
    }
}
