//! The snapshot cell of a revision cache: one map per configuration revision, replaced as a whole.
//!
//! Invariants:
//! 1. A call captures its revision's map before it computes and stores into that map alone: a late result can neither
//!    be served under another revision nor push one out.
//! 2. Revisions are compared, never ordered: which one leaves is decided by when it came.

use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;

use super::function::{Memory, Replaced, insert, memory, remove};
use super::{Kept, Own};
use crate::clock::Moment;
use crate::key::Form;

/// The maps of the latest revisions, newest first.
#[derive(Debug)]
pub(crate) struct Revisions<V> {
    keep: usize,
    capacity: usize,
    maps: Arc<ArcSwap<Maps<V>>>,
}

/// The maps of some revisions: one snapshot.
pub(crate) type Maps<V> = Vec<Arc<Revision<V>>>;

/// One thread's view of the snapshot, checked against the present one at each look: cheaper than taking it anew.
pub(crate) type View<V> = arc_swap::Cache<Arc<ArcSwap<Maps<V>>>, Arc<Maps<V>>>;

/// The values of one revision.
#[derive(Debug)]
pub(crate) struct Revision<V> {
    name: Box<[u8]>,
    /// The value of the call without arguments, found without hashing.
    single: OnceLock<Kept<V>>,
    /// Whether that was ended by its name: from then on it lies with the others.
    single_ended: AtomicBool,
    map: OnceLock<Memory<V>>,
    capacity: usize,
}

impl<V: Clone> Revision<V> {
    /// Looks at the value of a key. The value of the empty key is found without hashing, and looked at where it lies.
    #[inline]
    pub(crate) fn get<R>(&self, key: &Form, own: &Own, look: impl FnOnce(&Kept<V>) -> R) -> Option<R> {
        if key.is_empty()
            && let Some(kept) = self.single.get()
            && kept.facts.is_current(own)
            && !self.single_ended.load(Ordering::Relaxed)
        {
            return Some(look(kept));
        }
        self.map.get()?.get(key).map(|kept| look(&kept))
    }

    pub(crate) fn insert(&self, key: &Form, kept: Kept<V>) -> Replaced<V> {
        // What ages is not put where it could never be replaced.
        let kept = if key.is_empty() && kept.facts.deadline == Moment::NEVER {
            match self.single.set(kept) {
                Ok(()) => return Replaced::default(),
                Err(kept) => kept,
            }
        } else {
            kept
        };
        insert(self.map.get_or_init(|| memory(self.capacity)), key, kept)
    }

    /// Ends what has this mark; those who hold it keep it alive until no lock is held.
    fn end_one(&self, mark: u64) -> Vec<Kept<V>> {
        if self.single.get().is_some_and(|kept| kept.facts.mark == mark) {
            self.single_ended.store(true, Ordering::SeqCst);
        }
        self.map.get().map_or_else(Vec::new, |map| remove(map, mark))
    }

    fn entries(&self) -> u64 {
        u64::from(self.single.get().is_some() && !self.single_ended.load(Ordering::Relaxed))
            + self.map.get().map_or(0, |map| map.len() as u64)
    }
}

impl<V: Clone> Revisions<V> {
    pub(crate) fn new(keep: usize, capacity: usize) -> Self {
        Self { keep: keep.max(1), capacity, maps: Arc::default() }
    }

    pub(crate) fn view(&self) -> View<V> {
        arc_swap::Cache::new(Arc::clone(&self.maps))
    }

    /// The map of a revision, made where there is none yet.
    pub(crate) fn capture(&self, revision: &[u8]) -> Arc<Revision<V>> {
        if let Some(found) = self.maps.load().iter().find(|map| &*map.name == revision) {
            return Arc::clone(found);
        }
        let made = Arc::new(Revision {
            name: revision.into(),
            single: OnceLock::new(),
            single_ended: AtomicBool::new(false),
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

    /// Whether that is one of the maps that ends reach: one that was pushed out still is in the hands of calls that captured it.
    pub(crate) fn holds(&self, map: &Revision<V>) -> bool {
        self.maps.load().iter().any(|known| ptr::eq(&raw const **known, map))
    }

    pub(crate) fn entries(&self) -> u64 {
        self.maps.load().iter().map(|map| map.entries()).sum()
    }

    /// Ends what has this mark in every revision.
    pub(crate) fn end_one(&self, mark: u64) -> Vec<Kept<V>> {
        self.maps.load().iter().flat_map(|map| map.end_one(mark)).collect()
    }

    pub(crate) fn clear(&self) {
        self.maps.store(Arc::default());
    }
}

/// Looks at one revision's map in a snapshot.
#[inline]
pub(crate) fn find<'a, V>(maps: &'a Maps<V>, revision: &[u8]) -> Option<&'a Revision<V>> {
    maps.iter().find(|map| &*map.name == revision).map(|map| &**map)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cache::{Entry, Facts};
    use crate::epoch::{Stamp, Table};

    fn own() -> Own {
        let table = Table::new(false);
        [table.cell("a"), table.cell("a")]
    }

    fn kept(value: u32, own: &Own) -> Kept<u32> {
        let mut stamp = Stamp::default();
        stamp.add(&own[0], own[0].epoch());
        let (born, never) = (Moment::START, Moment::NEVER);
        let (boxed, deadline, served_until, renew_at) = (Box::new(value), never, never, never);
        let entry = Entry { value: boxed, stamp, born, deadline, served_until, renew_at, stored: true, made: 0 };
        Kept { value, facts: Facts::of(&entry, own, 0) }
    }

    fn read(revisions: &Revisions<u32>, revision: &[u8], own: &Own) -> Option<u32> {
        find(revisions.view().load(), revision).and_then(|map| map.get(&Form::from(&b"k"[..]), own, |kept| kept.value))
    }

    #[test]
    fn a_late_result_stays_in_its_own_revision() {
        let own = own();
        let revisions = Revisions::new(1, 8);
        let old = revisions.capture(b"a");
        let new = revisions.capture(b"b");
        new.insert(&Form::from(&b"k"[..]), kept(2, &own));
        old.insert(&Form::from(&b"k"[..]), kept(1, &own));
        assert_eq!(read(&revisions, b"b", &own), Some(2));
        assert_eq!(read(&revisions, b"a", &own), None);
    }

    #[test]
    fn two_revisions_survive_a_flip() {
        let own = own();
        let revisions = Revisions::new(2, 8);
        for (name, value) in [(b"a", 1), (b"b", 2)] {
            revisions.capture(name).insert(&Form::from(&b"k"[..]), kept(value, &own));
        }
        for _ in 0..3 {
            assert_eq!(read(&revisions, b"a", &own), Some(1));
            assert_eq!(read(&revisions, b"b", &own), Some(2));
        }
        revisions.capture(b"c").insert(&Form::from(&b"k"[..]), kept(3, &own));
        assert_eq!(read(&revisions, b"a", &own), None);
        assert_eq!(read(&revisions, b"b", &own), Some(2));
    }
}
