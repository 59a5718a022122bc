//! `Cache-Control`: who may keep a response, and for how long.

use std::fmt::Write as _;
use std::time::Duration;

use ::http::HeaderValue;

use crate::clock::Moment;
use crate::instance::Larder;

/// How long what a response shows is fresh.
#[derive(Clone, Debug, Default)]
pub(super) enum Life {
    /// Nobody knows: until its revision goes.
    #[default]
    Unknown,
    /// Until then, by the clock of this instance.
    Until(Larder, Moment),
    /// Not at all: it was kept nowhere.
    Over,
}

impl Life {
    fn left(&self) -> Option<Duration> {
        match self {
            Self::Unknown => None,
            Self::Until(larder, until) => Some(until.since(larder.now())),
            Self::Over => Some(Duration::ZERO),
        }
    }

    /// The shorter one.
    pub(super) fn and(self, other: Self) -> Self {
        match (self.left(), other.left()) {
            _ if matches!(other, Self::Over) => other,
            (None, _) => other,
            (Some(left), Some(others)) if others < left => other,
            _ => self,
        }
    }
}

/// What is said of keeping a response.
#[derive(Clone, Debug, Default)]
pub(super) struct Control {
    pub(super) life: Life,
    pub(super) public: bool,
    pub(super) no_cache: bool,
    pub(super) no_store: bool,
    /// The longest that it may be kept unasked.
    pub(super) max_age: Option<Duration>,
    pub(super) stale_while_revalidate: Option<Duration>,
    pub(super) stale_if_error: Option<Duration>,
}

/// No cache counts further: RFC 9111, 1.2.2.
const LONGEST: u64 = 1 << 31;

impl Control {
    /// For how many seconds the response is fresh; `None`: it is to be asked about each time.
    fn seconds(&self) -> Option<u64> {
        let left = match (self.life.left(), self.max_age) {
            (Some(left), Some(most)) => left.min(most),
            (left, most) => left.or(most)?,
        };
        (!self.no_cache).then_some(left.as_secs().min(LONGEST))
    }

    pub(super) fn header(&self) -> HeaderValue {
        let never = HeaderValue::from_static("no-store");
        if self.no_store || matches!(self.life, Life::Over) {
            return never;
        }
        let mut text = String::from(if self.public { "public, " } else { "private, " });
        let _ = match self.seconds() {
            None => write!(text, "no-cache"),
            Some(seconds) => write!(text, "max-age={seconds}"),
        };
        let stale = [("while-revalidate", self.stale_while_revalidate), ("if-error", self.stale_if_error)];
        for (when, span) in stale {
            if let Some(span) = span {
                let _ = write!(text, ", stale-{when}={}", span.as_secs().min(LONGEST));
            }
        }
        HeaderValue::try_from(text).unwrap_or(never)
    }
}
