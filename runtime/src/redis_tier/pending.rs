//! Invalidations made here that Redis has not confirmed: a journal in the order in which they were made, one per name.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::epoch::Cell;

/// What is owed to Redis.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    journal: Mutex<Journal>,
}

#[derive(Debug, Default)]
struct Journal {
    next: u64,
    /// By their places: who sees that a later one was delivered sees the earlier ones, too.
    owed: BTreeMap<u64, Owed>,
    /// The places of names.
    places: HashMap<Arc<str>, u64>,
    /// How many ends were taken to be delivered.
    taken: u64,
}

/// Ends of one name that were made here and not confirmed.
#[derive(Clone, Debug)]
pub(crate) struct Owed {
    pub(crate) cell: Arc<Cell>,
    /// How many: one raised epoch settles them all.
    pub(crate) ends: u32,
    /// That of the first of them.
    place: u64,
}

impl Journal {
    fn waiting(&self) -> u64 {
        self.owed.values().map(|owed| u64::from(owed.ends)).sum()
    }

    fn add(&mut self, owed: Owed) {
        let place = self.places.get(owed.cell.name()).copied();
        let mut known = place.and_then(|place| self.owed.remove(&place));
        let ends = known.take().map_or(0, |known| known.ends) + owed.ends;
        let place = place.map_or(owed.place, |place| place.min(owed.place));
        self.places.insert(Arc::clone(owed.cell.name()), place);
        self.owed.insert(place, Owed { ends, place, ..owed });
    }
}

impl Pending {
    fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add(&self, cell: &Arc<Cell>) {
        let mut journal = self.journal();
        let place = journal.next;
        journal.next += 1;
        journal.add(Owed { cell: Arc::clone(cell), ends: 1, place });
    }

    /// Takes all that is owed, in order; each is then [delivered](Self::delivered), or to be given back.
    pub(crate) fn take(&self) -> Vec<Owed> {
        let mut journal = self.journal();
        journal.taken += journal.waiting();
        journal.places.clear();
        std::mem::take(&mut journal.owed).into_values().collect()
    }

    /// Redis has confirmed it.
    pub(crate) fn delivered(&self, owed: &Owed) {
        let mut journal = self.journal();
        journal.taken = journal.taken.saturating_sub(u64::from(owed.ends));
    }

    /// It goes to its former place.
    #[cfg(feature = "redis")]
    pub(crate) fn give_back(&self, owed: Owed) {
        let mut journal = self.journal();
        journal.taken = journal.taken.saturating_sub(u64::from(owed.ends));
        journal.add(owed);
    }

    /// How many ends are owed, also those that are being delivered.
    pub(crate) fn count(&self) -> u64 {
        let journal = self.journal();
        journal.taken + journal.waiting()
    }
}

#[cfg(all(test, feature = "redis"))]
mod tests {
    use super::*;
    use crate::epoch::Table;

    fn names(owed: &[Owed]) -> Vec<(String, u32)> {
        owed.iter().map(|owed| (owed.cell.name().to_string(), owed.ends)).collect()
    }

    #[test]
    fn what_is_owed_is_delivered_in_order_and_what_is_given_back_keeps_its_place() {
        let (table, pending) = (Table::new(true), Pending::default());
        for name in ["m", "z", "a", "m"] {
            pending.add(&table.cell(name));
        }
        let mut taken = pending.take();
        let own = |name: &str, ends| (name.to_owned(), ends);
        assert_eq!(names(&taken), [own("m", 2), own("z", 1), own("a", 1)]);
        assert_eq!(pending.count(), 4, "they are on their way");
        // Delivered as far as `m`; meanwhile others come, and one of the undelivered again.
        pending.add(&table.cell("b"));
        pending.add(&table.cell("a"));
        taken.drain(1..).rev().for_each(|owed| pending.give_back(owed));
        assert_eq!(pending.count(), 6);
        pending.delivered(&taken[0]);
        assert_eq!(pending.count(), 4);
        let taken = pending.take();
        assert_eq!(names(&taken), [own("z", 1), own("a", 2), own("b", 1)]);
        taken.iter().for_each(|owed| pending.delivered(owed));
        assert_eq!(pending.count(), 0);
    }
}
