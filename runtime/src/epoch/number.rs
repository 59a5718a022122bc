//! The number that an epoch is.

use std::fmt;

/// An epoch: opaque, unique, monotone per name. Zero means "not known here".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Epoch(u64);

impl Epoch {
    pub(crate) const UNKNOWN: Self = Self(0);
    const PROVISIONAL: u64 = 1 << 63;
    /// How many random numbers there are below an epoch's microseconds.
    pub(crate) const RANDOM: u64 = 1 << 12;

    pub(super) const fn from_raw(raw: u64) -> Self {
        Self(raw)
    }

    /// An epoch that Redis gave: its microseconds and the random bits below them.
    pub(crate) const fn confirmed(raw: u64) -> Self {
        Self(raw & !Self::PROVISIONAL)
    }

    /// An epoch that only this process knows: no Redis is configured, or it is away.
    pub(crate) const fn provisional(count: u64) -> Self {
        Self(count | Self::PROVISIONAL)
    }

    pub(crate) const fn is_known(self) -> bool {
        self.0 != 0
    }

    pub(crate) const fn is_confirmed(self) -> bool {
        self.is_known() && self.0 & Self::PROVISIONAL == 0
    }

    /// Whether Redis raised this one earlier than the other; `false` unless both came from Redis.
    pub(crate) const fn is_before(self, other: Self) -> bool {
        self.is_confirmed() && other.is_confirmed() && self.0 < other.0
    }

    pub(crate) const fn raw(self) -> u64 {
        self.0
    }

    /// When Redis raised it, by its clock; zero for one that Redis did not raise.
    pub(crate) const fn micros(self) -> u64 {
        if self.is_confirmed() { self.0 / Self::RANDOM } else { 0 }
    }

    /// Reads `microseconds.random`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (micros, random) = text.split_once('.')?;
        let micros: u64 = micros.parse().ok().filter(|micros| (1..1 << 51).contains(micros))?;
        let random: u64 = random.parse().ok().filter(|random| *random < Self::RANDOM)?;
        Some(Self::confirmed(micros * Self::RANDOM + random))
    }
}

/// What [`parse`](Epoch::parse) reads.
impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0 / Self::RANDOM, self.0 % Self::RANDOM)
    }
}
