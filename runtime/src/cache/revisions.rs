//! The snapshot cell of a revision cache: one map per configuration revision, replaced as a whole.
//!
//! Invariants:
//! 1. A call captures its revision's map before it computes and stores into that map alone: a late result can neither
//!    be served under another revision nor push one out.
//! 2. Revisions are compared, never ordered: which one leaves is decided by when it came.

use std::cell::RefCell;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;

use super::values::{Captured, Gone, Memory, Shelf, Values, copy, insert, memory, served};
use super::{AnyValue, Core, Entry, Kept, Own, Request, Site};
use crate::clock::Moment;
use crate::key::{Form, StoredKey};
use crate::value::Storable;

/// The maps of the latest revisions, newest first.
#[derive(Debug)]
pub(crate) struct Revisions<V> {
    keep: usize,
    capacity: usize,
    maps: Arc<ArcSwap<Maps<V>>>,
}

/// The maps of some revisions: one snapshot.
type Maps<V> = Vec<Arc<Revision<V>>>;

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

impl<V: Storable> Revision<V> {
    /// The value of the empty key, which is found without hashing, where it lies apart.
    #[inline]
    fn single(&self, key: &Form, own: &Own) -> Option<&Kept<V>> {
        let kept = if key.is_empty() { self.single.get() } else { None };
        kept.filter(|kept| kept.facts.is_current(own) && !self.single_ended.load(Ordering::Relaxed))
    }

    /// The value of a call, if it is there and `may_serve` allows it.
    #[inline]
    fn look(&self, core: &Core, request: &Request<'_>, may_serve: impl Fn(&Kept<V>) -> bool) -> Option<V> {
        if let Some(kept) = self.single(request.key, &core.cells) {
            return may_serve(kept).then(|| kept.value.clone());
        }
        served(self.map.get()?, request.key, may_serve)
    }

    fn insert(&self, key: &Form, kept: Kept<V>) -> Vec<Gone> {
        // What ages is not put where it could never be replaced.
        let kept = if key.is_empty() && kept.facts.deadline == Moment::NEVER {
            match self.single.set(kept) {
                Ok(()) => return Vec::new(),
                Err(kept) => kept,
            }
        } else {
            kept
        };
        insert(self.map.get_or_init(|| memory(self.capacity)), key, kept)
    }

    /// Ends what has this mark.
    fn end_one(&self, mark: u64) -> Vec<Gone> {
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

impl<V: Storable> Revisions<V> {
    fn with(keep: usize, capacity: usize) -> Self {
        Self { keep: keep.max(1), capacity, maps: Arc::default() }
    }

    fn present(&self) -> View<V> {
        arc_swap::Cache::new(Arc::clone(&self.maps))
    }

    /// The map of a revision, made where there is none yet.
    fn of(&self, revision: &[u8]) -> Arc<Revision<V>> {
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
    fn holds(&self, map: &Revision<V>) -> bool {
        self.maps.load().iter().any(|known| ptr::eq(&raw const **known, map))
    }
}

impl<V: Storable> Values for Revisions<V> {
    fn copy(&self, value: &AnyValue) -> Option<Box<AnyValue>> {
        copy::<V>(value)
    }

    fn capture(&self, revision: &[u8]) -> Option<Captured> {
        Some(self.of(revision))
    }

    fn found(&self, captured: Option<&Captured>, key: &Form, own: &Own) -> Option<Entry> {
        let map = captured?.downcast_ref::<Revision<V>>().filter(|map| self.holds(map))?;
        map.single(key, own).map(|kept| kept.entry(own)).or_else(|| map.map.get()?.found(None, key, own))
    }

    fn insert(&self, captured: Option<&Captured>, key: &Form, kept: Kept<Box<AnyValue>>) -> Vec<Gone> {
        let map = captured.and_then(|map| map.downcast_ref::<Revision<V>>());
        map.zip(kept.typed()).map_or_else(Vec::new, |(map, kept)| map.insert(key, kept))
    }

    fn take(&self, _: &StoredKey) -> Option<Gone> {
        None
    }

    fn end_one(&self, mark: u64, _: Option<&StoredKey>) -> Vec<Gone> {
        self.maps.load().iter().flat_map(|map| map.end_one(mark)).collect()
    }

    fn entries(&self) -> u64 {
        self.maps.load().iter().map(|map| map.entries()).sum()
    }

    fn clear(&self) {
        self.maps.store(Arc::default());
    }
}

impl<V: Storable> Shelf for Revisions<V> {
    type Value = V;
    type View = RefCell<View<V>>;

    fn new(site: &Site, capacity: usize) -> Self {
        Self::with(site.keep, capacity)
    }

    fn view(&self) -> RefCell<View<V>> {
        RefCell::new(self.present())
    }

    #[inline]
    fn look(
        &self,
        view: &RefCell<View<V>>,
        core: &Core,
        request: &Request<'_>,
        may_serve: impl Fn(&Kept<V>) -> bool,
    ) -> Option<V> {
        let look = |maps: &Maps<V>| find(maps, request.revision)?.look(core, request, may_serve);
        match view.try_borrow_mut() {
            Ok(mut view) => look(view.load()),
            // A value's own `clone` calls the function that it came from.
            Err(_) => look(self.present().load()),
        }
    }
}

/// Takes out the values of this mark: whoever chooses keys can find two that share one.
fn remove<V: Storable>(memory: &Memory<V>, mark: u64) -> Vec<Gone> {
    let found = RefCell::new(Vec::new());
    memory.retain(|key, kept| {
        if kept.facts.mark == mark {
            found.borrow_mut().push(key.clone());
        }
        true
    });
    found.into_inner().iter().filter_map(|key| memory.take(key)).collect()
}

/// Looks at one revision's map in a snapshot.
#[inline]
fn find<'a, V>(maps: &'a Maps<V>, revision: &[u8]) -> Option<&'a Revision<V>> {
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

    fn read(revisions: &Revisions<u32>, revision: &[u8]) -> Option<u32> {
        find(revisions.present().load(), revision)
            .and_then(|map| map.map.get()?.get(&Form::from(&b"k"[..])))
            .map(|kept| kept.value)
    }

    #[test]
    fn a_late_result_stays_in_its_own_revision() {
        let own = own();
        let revisions = Revisions::with(1, 8);
        let old = revisions.of(b"a");
        let new = revisions.of(b"b");
        new.insert(&Form::from(&b"k"[..]), kept(2, &own));
        old.insert(&Form::from(&b"k"[..]), kept(1, &own));
        assert_eq!(read(&revisions, b"b"), Some(2));
        assert_eq!(read(&revisions, b"a"), None);
    }

    #[test]
    fn two_revisions_survive_a_flip() {
        let own = own();
        let revisions = Revisions::with(2, 8);
        for (name, value) in [(b"a", 1), (b"b", 2)] {
            revisions.of(name).insert(&Form::from(&b"k"[..]), kept(value, &own));
        }
        for _ in 0..3 {
            assert_eq!(read(&revisions, b"a"), Some(1));
            assert_eq!(read(&revisions, b"b"), Some(2));
        }
        revisions.of(b"c").insert(&Form::from(&b"k"[..]), kept(3, &own));
        assert_eq!(read(&revisions, b"a"), None);
        assert_eq!(read(&revisions, b"b"), Some(2));
    }
}
