//! What a macro wrote about one cached function: constant, and the same for every instance.

use std::any::{TypeId, type_name};
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

/// When a value is computed anew in the background, while it is still served.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Renewal {
    /// After this share of its life.
    pub(crate) at: f64,
    /// How long it is served beyond its life.
    pub(crate) stale: Duration,
}

/// One choice of a function's type parameters, told by a closure inside it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Instantiation {
    /// Unique in this process, also for two types of one name.
    pub(crate) id: TypeId,
    /// The same in every process.
    pub(crate) name: &'static str,
}

/// A cached function as a call names it: its site, and the choice of its type parameters.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub(crate) site: &'static Site,
    pub(crate) instantiation: Instantiation,
}

impl Instantiation {
    /// The path of the function around the closure: `my_crate::tools::list<my_crate::Tool>`.
    pub(crate) fn path(self, fallback: &str) -> String {
        let mut path = self.name;
        while let Some(shorter) = path.strip_suffix("::{{closure}}") {
            path = shorter;
        }
        if path.is_empty() { fallback.to_owned() } else { path.to_owned() }
    }

    /// Whether the name tells it from every other: the closures of one function share theirs.
    pub(crate) fn is_told_by_name(path: &str) -> bool {
        let mut depth = 0_usize;
        let mut before = ' ';
        for (at, here) in path.char_indices() {
            match here {
                '<' => depth += 1,
                '>' if before != '-' => depth = depth.saturating_sub(1),
                '{' if depth > 0 && path.get(at..).is_some_and(|rest| rest.starts_with("{{closure}}")) => return false,
                _ => {}
            }
            before = here;
        }
        true
    }
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
    pub(crate) fleet: bool,
    pub(crate) renewal: Option<Renewal>,
    /// How long beyond its life a value is kept for calls whose body fails.
    pub(crate) fallback: Duration,
    number: AtomicUsize,
}

impl Site {
    /// A function whose values live in memory, and in Redis where it is configured.
    #[must_use]
    pub const fn tiered() -> Self {
        Self {
            name: "",
            entity: "",
            fingerprint: 0,
            ttl: None,
            capacity: None,
            jitter: 0.1,
            keep: 2,
            version: 0,
            store: Store::Tiered,
            coherence: Coherence::Tracked,
            single_flight: true,
            fleet: false,
            renewal: None,
            fallback: Duration::ZERO,
            number: AtomicUsize::new(0),
        }
    }

    /// `store = memory`
    #[must_use]
    pub const fn memory() -> Self {
        Self { store: Store::Memory, ..Self::tiered() }
    }

    /// `store = redis`
    #[must_use]
    pub const fn redis() -> Self {
        Self { store: Store::Redis, ..Self::tiered() }
    }

    /// The function's name, the entity that it shows (empty for a revision cache), and the fingerprint of its signature
    /// and body.
    #[must_use]
    pub const fn named(mut self, name: &'static str, entity: &'static str, fingerprint: u64) -> Self {
        self.name = name;
        self.entity = entity;
        self.fingerprint = fingerprint;
        self
    }

    /// `ttl = ..` and `jitter = ..`
    #[must_use]
    pub const fn life(self, ttl: Duration, jitter: f64) -> Self {
        self.ttl(ttl).jitter(jitter)
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

    /// `refresh_ahead = ..` (1.0: at the end of its life) and `stale_while_revalidate = ..`
    #[must_use]
    pub const fn renewed(mut self, at: f64, stale: Duration) -> Self {
        self.renewal = Some(Renewal { at, stale });
        self
    }

    /// `stale_if_error = ..`
    #[must_use]
    pub const fn fallback(mut self, stale: Duration) -> Self {
        self.fallback = stale;
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
    pub const fn alone(mut self) -> Self {
        self.single_flight = false;
        self
    }

    /// `single_flight = cluster`
    #[must_use]
    pub const fn fleet(mut self) -> Self {
        self.fleet = true;
        self
    }

    /// `coherence = strict` and `single_flight = off`
    #[must_use]
    pub const fn strict_alone(self) -> Self {
        self.strict().alone()
    }

    /// `coherence = ttl` and `single_flight = off`
    #[must_use]
    pub const fn by_ttl_alone(self) -> Self {
        self.by_ttl().alone()
    }

    /// Where a call is: `inside` is a closure of the function, and its type tells one choice of type parameters from
    /// another. It is never called.
    #[inline]
    pub fn place<I: FnOnce()>(&'static self, _inside: I) -> Place {
        Place { site: self, instantiation: Instantiation { id: typeid::of::<I>(), name: type_name::<I>() } }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closure_as_a_type_parameter_has_no_name_of_its_own() {
        for (path, told) in [
            ("a::f", true),
            ("a::test::{{closure}}::f", true),
            ("<a::T as a::Trait>::f", true),
            ("a::f<fn(u32) -> u32>", true),
            ("a::f<a::main::{{closure}}>", false),
            ("a::f<fn() -> u8, a::main::{{closure}}>", false),
            ("a::f<alloc::vec::Vec<a::main::{{closure}}>>", false),
        ] {
            assert_eq!(Instantiation::is_told_by_name(path), told, "{path}");
        }
    }
}
