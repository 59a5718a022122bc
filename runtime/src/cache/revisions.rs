//! The snapshot cell of a revision cache: one map per configuration revision, replaced as a whole.
//!
//! Invariants:
//! 1. A call captures its revision's map before it computes and stores into that map alone: a late result can neither
//!    be served under another revision nor push one out.
//! 2. Revisions are compared, never ordered: which one leaves is decided by when it came.

use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;

use super::Entry;
use super::function::{Memory, memory};

/// The maps of the latest revisions, newest first.
#[derive(Debug)]
pub(crate) struct Revisions<V> {
    keep: usize,
    capacity: usize,
    maps: ArcSwap<Vec<Arc<Revision<V>>>>,
}

/// The values of one revision.
#[derive(Debug)]
pub(crate) struct Revision<V> {
    name: Box<[u8]>,
    /// The value of the call without arguments, found without hashing.
    single: OnceLock<Arc<Entry<V>>>,
    map: OnceLock<Memory<V>>,
    capacity: usize,
}

impl<V: Clone> Revision<V> {
    #[inline]
    pub(crate) fn get<R>(&self, key: &[u8], look: impl FnOnce(&Arc<Entry<V>>) -> R) -> Option<R> {
        if key.is_empty()
            && let Some(entry) = self.single.get()
            && entry.stamp.is_current()
        {
            return Some(look(entry));
        }
        self.map.get()?.get(key).map(|entry| look(&entry))
    }

    pub(crate) fn insert(&self, key: &[u8], entry: Arc<Entry<V>>) {
        let entry = if key.is_empty() {
            match self.single.set(entry) {
                Ok(()) => return,
                Err(entry) => entry,
            }
        } else {
            entry
        };
        self.map.get_or_init(|| memory(self.capacity)).insert(key.into(), entry);
    }

    fn entries(&self) -> u64 {
        u64::from(self.single.get().is_some()) + self.map.get().map_or(0, |map| map.len() as u64)
    }
}

impl<V: Clone> Revisions<V> {
    pub(crate) fn new(keep: usize, capacity: usize) -> Self {
        Self { keep: keep.max(1), capacity, maps: ArcSwap::default() }
    }

    /// Looks at one revision's map, without waiting for anybody.
    #[inline]
    pub(crate) fn peek<R>(&self, revision: &[u8], look: impl FnOnce(&Revision<V>) -> R) -> Option<R> {
        let maps = self.maps.load();
        maps.iter().find(|map| &*map.name == revision).map(|map| look(map))
    }

    /// The map of a revision, made where there is none yet.
    pub(crate) fn capture(&self, revision: &[u8]) -> Arc<Revision<V>> {
        if let Some(found) = self.maps.load().iter().find(|map| &*map.name == revision) {
            return Arc::clone(found);
        }
        let made = Arc::new(Revision {
            name: revision.into(),
            single: OnceLock::new(),
            map: OnceLock::new(),
            capacity: self.capacity,
        });
        let former = self.maps.rcu(|maps| {
            if maps.iter().any(|map| &*map.name == revision) {
                return Arc::clone(maps);
            }
            let kept = maps.iter().take(self.keep - 1).cloned();
            Arc::new(std::iter::once(Arc::clone(&made)).chain(kept).collect())
        });
        former.iter().find(|map| &*map.name == revision).cloned().unwrap_or(made)
    }

    pub(crate) fn entries(&self) -> u64 {
        self.maps.load().iter().map(|map| map.entries()).sum()
    }

    pub(crate) fn clear(&self) {
        self.maps.store(Arc::default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Moment;
    use crate::epoch::Stamp;

    fn entry(value: u32) -> Arc<Entry<u32>> {
        let (born, deadline) = (Moment::START, Moment::NEVER);
        Arc::new(Entry { value, stamp: Stamp::default(), born, deadline, stored: true })
    }

    fn read(revisions: &Revisions<u32>, revision: &[u8]) -> Option<u32> {
        revisions.peek(revision, |map| map.get(b"k", |entry| entry.value)).flatten()
    }

    #[test]
    fn a_late_result_stays_in_its_own_revision() {
        let revisions = Revisions::new(1, 8);
        let old = revisions.capture(b"a");
        let new = revisions.capture(b"b");
        new.insert(b"k", entry(2));
        old.insert(b"k", entry(1));
        assert_eq!(read(&revisions, b"b"), Some(2));
        assert_eq!(read(&revisions, b"a"), None);
    }

    #[test]
    fn two_revisions_survive_a_flip() {
        let revisions = Revisions::new(2, 8);
        for (name, value) in [(b"a", 1), (b"b", 2)] {
            revisions.capture(name).insert(b"k", entry(value));
        }
        for _ in 0..3 {
            assert_eq!(read(&revisions, b"a"), Some(1));
            assert_eq!(read(&revisions, b"b"), Some(2));
        }
        revisions.capture(b"c").insert(b"k", entry(3));
        assert_eq!(read(&revisions, b"a"), None);
        assert_eq!(read(&revisions, b"b"), Some(2));
    }
}
