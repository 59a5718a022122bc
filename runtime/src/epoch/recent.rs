//! The last ends that this process made or heard of, for people.

use std::collections::VecDeque;
// Not those of `sync`: nothing waits for this lock, so its orders are none to be tried.
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Epoch;
use super::entries::{self, Ends, Owner};
use crate::clock::Moment;
use crate::sync::Arc;

/// More are not kept.
const MOST: usize = 200;

/// One end of one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) name: Arc<str>,
    pub(crate) at: Moment,
    /// Whether this process made it.
    pub(crate) here: bool,
    /// What it raised the name to; `None` until that is confirmed.
    pub(crate) epoch: Option<Epoch>,
}

/// The last ends, in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    ends: Mutex<VecDeque<End>>,
}

impl Recent {
    /// This process ended a name; `epoch`: where nobody has to confirm it.
    pub(super) fn made(&self, name: &Arc<str>, at: Moment, epoch: Option<Epoch>) {
        self.push(End { name: Arc::clone(name), at, here: true, epoch });
    }

    /// It was announced that a name was ended. One's own ends are announced, too, before they are confirmed or behind it; and
    /// a fence that falls announces the epoch that was there.
    pub(super) fn heard(&self, name: &Arc<str>, at: Moment, epoch: Epoch) {
        if !self.ends().iter().any(|end| end.name == *name && end.epoch == Some(epoch)) {
            self.push(End { name: Arc::clone(name), at, here: false, epoch: Some(epoch) });
        }
    }

    /// The eldest `count` ends of a name that wait for it turned out to be this one.
    pub(super) fn confirmed(&self, name: &Arc<str>, count: u32, epoch: Epoch) {
        let mut ends = self.ends();
        ends.retain(|end| end.here || end.name != *name || end.epoch != Some(epoch));
        let waiting = ends.iter_mut().filter(|end| end.here && end.name == *name && end.epoch.is_none());
        waiting.take(count as usize).for_each(|end| end.epoch = Some(epoch));
    }

    /// The last ones, the latest first.
    pub(crate) fn latest(&self) -> Vec<End> {
        self.ends().iter().rev().cloned().collect()
    }

    fn push(&self, end: End) {
        // It comes with every end of a single entry.
        if let Some(Ends::Any(_)) = entries::read(&end.name) {
            return;
        }
        let mut ends = self.ends();
        if ends.len() >= MOST {
            ends.pop_front();
        }
        ends.push_back(end);
    }

    fn ends(&self) -> MutexGuard<'_, VecDeque<End>> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whose entry a name ends, where it ends a single one.
pub(crate) fn owner_of(name: &str) -> Option<Owner> {
    match entries::read(name)? {
        Ends::One(owner, _) => Some(owner),
        Ends::Any(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::epoch::{Fencing, Table};

    const fn at(raw: u64) -> Epoch {
        Epoch::confirmed(raw)
    }

    /// Each end: its name, whether it was made here, whether it is confirmed.
    fn told(table: &Table) -> Vec<(String, bool, bool)> {
        let ends = table.recent().latest();
        ends.into_iter().map(|end| (end.name.to_string(), end.here, end.epoch.is_some())).collect()
    }

    #[test]
    fn an_own_end_is_told_once_wherever_its_announcement_stands() {
        let table = Table::new(true);
        let cell = table.cell("tools");
        table.begin_end(&cell, Fencing::None);
        assert_eq!(told(&table), [("tools".to_owned(), true, false)]);
        table.announce("tools", at(8 << 12), false);
        table.confirm_end(&cell, 1, at(8 << 12));
        assert_eq!(told(&table), [("tools".to_owned(), true, true)], "announced, then confirmed");
        table.begin_end(&cell, Fencing::None);
        table.confirm_end(&cell, 1, at(9 << 12));
        table.announce("tools", at(9 << 12), false);
        assert_eq!(told(&table).len(), 2, "confirmed, then announced: {:?}", told(&table));
        table.announce("tools", at(10 << 12), false);
        assert_eq!(told(&table)[0], ("tools".to_owned(), false, true));
        table.announce("tools", at(10 << 12), false);
        table.announce("pages", at(11 << 12), true);
        assert_eq!(told(&table).len(), 3, "a fence that falls and a first epoch end nothing");
    }

    #[test]
    fn so_many_are_kept_and_no_more() {
        let table = Table::new(false);
        for round in 0..MOST + 7 {
            table.end(&table.cell(&format!("tool:{round}")), Fencing::None);
        }
        let ends = told(&table);
        assert_eq!(ends.len(), MOST);
        assert_eq!(ends[0], (format!("tool:{}", MOST + 6), true, true));
        let owner = Owner::of(&[7; 32]);
        table.end(&table.cell(&owner.entry(&[9; 32])), Fencing::None);
        table.end(&table.cell(&owner.any_entry()), Fencing::None);
        let ends = told(&table);
        assert_eq!(owner_of(&ends[0].0), Some(owner), "and not the name that goes with it");
        assert_eq!(owner_of(&ends[1].0), None);
    }
}
