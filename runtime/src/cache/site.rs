//! What a macro wrote about one cached function: constant, and the same for every instance.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::Coherence;

/// Where values are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Store {
    /// This process only.
    Memory,
    /// Redis only.
    Redis,
    /// Memory, and Redis where it is configured.
    Tiered,
}

/// Which macro wrote the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Ttl,
    Revision,
}

/// One cached function as its macro described it.
#[derive(Debug)]
pub struct Site {
    pub(crate) name: &'static str,
    pub(crate) entity: &'static str,
    pub(crate) fingerprint: u64,
    pub(crate) ttl: Option<Duration>,
    pub(crate) capacity: Option<usize>,
    pub(crate) jitter: f64,
    pub(crate) keep: usize,
    pub(crate) version: u32,
    pub(crate) store: Store,
    pub(crate) coherence: Coherence,
    pub(crate) single_flight: bool,
    number: AtomicUsize,
}

impl Site {
    /// A function, the entity that it shows (empty for a revision cache), and the fingerprint of its signature and body.
    #[must_use]
    pub const fn new(name: &'static str, entity: &'static str, fingerprint: u64) -> Self {
        Self {
            name,
            entity,
            fingerprint,
            ttl: None,
            capacity: None,
            jitter: 0.1,
            keep: 2,
            version: 0,
            store: if entity.is_empty() { Store::Memory } else { Store::Tiered },
            coherence: Coherence::Tracked,
            single_flight: true,
            number: AtomicUsize::new(0),
        }
    }

    /// `ttl = ..`
    #[must_use]
    pub const fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// `capacity = ..`
    #[must_use]
    pub const fn capacity(mut self, entries: usize) -> Self {
        self.capacity = Some(entries);
        self
    }

    /// `jitter = ..`
    #[must_use]
    pub const fn jitter(mut self, share: f64) -> Self {
        self.jitter = share;
        self
    }

    /// `keep = ..`
    #[must_use]
    pub const fn keep(mut self, revisions: usize) -> Self {
        self.keep = revisions;
        self
    }

    /// `version = ..`
    #[must_use]
    pub const fn version(mut self, version: u32) -> Self {
        self.version = version;
        self
    }

    /// `store = memory`
    #[must_use]
    pub const fn memory(mut self) -> Self {
        self.store = Store::Memory;
        self
    }

    /// `store = redis`
    #[must_use]
    pub const fn redis(mut self) -> Self {
        self.store = Store::Redis;
        self
    }

    /// `store = tiered`
    #[must_use]
    pub const fn tiered(mut self) -> Self {
        self.store = Store::Tiered;
        self
    }

    /// `coherence = strict`
    #[must_use]
    pub const fn strict(mut self) -> Self {
        self.coherence = Coherence::Strict;
        self
    }

    /// `coherence = ttl`
    #[must_use]
    pub const fn by_ttl(mut self) -> Self {
        self.coherence = Coherence::Ttl;
        self
    }

    /// `single_flight = off`
    #[must_use]
    pub const fn no_flight(mut self) -> Self {
        self.single_flight = false;
        self
    }

    pub(crate) const fn kind(&self) -> Kind {
        if self.entity.is_empty() { Kind::Revision } else { Kind::Ttl }
    }

    /// This site's number in the process, given at its first use.
    #[inline]
    pub(crate) fn number(&'static self) -> usize {
        match self.number.load(Ordering::Relaxed) {
            0 => self.draw_number(),
            number => number,
        }
    }

    #[cold]
    fn draw_number(&'static self) -> usize {
        static NEXT: AtomicUsize = AtomicUsize::new(1);
        let drawn = NEXT.fetch_add(1, Ordering::Relaxed);
        match self.number.compare_exchange(0, drawn, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => drawn,
            Err(earlier) => earlier,
        }
    }
}
