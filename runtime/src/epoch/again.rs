//! What a table learns on a new link: what was announced while there was none was missed.
//!
//! Values in memory carry no epoch of their own entry. So an end of one that was missed must be seen by the epoch of any
//! entry: it is compared with what it was when the last link was lost, whatever was heard of it since.

use std::collections::HashMap;

use super::entries::{self, Ends, Owner};
use super::table::Table;
use super::{Cell, Epoch, Fencing, Guard, Told};
use crate::sync::{Arc, MutexGuard, PoisonError};

impl Table {
    /// Takes over what the server says on a new link: what was announced while there was none was missed. `true`: the server
    /// forgot that this was ended, and must be told again. The cells of single entries are to come first: see
    /// [`all_again`](Self::all_again).
    pub(crate) fn learn_again(&self, cell: &Cell, guard: Guard, told: Option<Told>) -> bool {
        let told = told.unwrap_or_else(|| Epoch::UNKNOWN.into());
        let (before, forgot) = (cell.epoch(), cell.is_beyond(told.epoch));
        if forgot {
            self.begin_end(cell, Fencing::None);
        } else {
            cell.learn(&self.counter, guard, told);
        }
        if before.is_confirmed() && cell.epoch().is_confirmed() && cell.epoch() != before {
            // Where a slot of a Cluster moved, the epoch of any entry may be known without this end.
            self.end_kept(cell);
        }
        if let Some(Ends::Any(owner)) = entries::read(cell.name()) {
            // Not compared with what is known by now: that may have been announced on the new link, behind what was missed.
            let linked = self.linked().get(&owner).copied();
            if linked.is_none_or(|linked| !linked.is_confirmed() || linked != told.epoch) {
                self.end_missed(cell);
            }
        }
        forgot
    }

    fn linked(&self) -> MutexGuard<'_, HashMap<Owner, Epoch>> {
        self.linked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// To be called when a link that was up is lost, before there is another: entries that are ended from now on are missed.
    pub(crate) fn unlink(&self) {
        let any = |cell: &Arc<Cell>| match entries::read(cell.name()) {
            Some(Ends::Any(owner)) => Some((owner, cell.epoch())),
            _ => None,
        };
        let linked = self.all().iter().filter_map(any).collect();
        *self.linked() = linked;
    }

    /// Every cell, in the order in which they are to be learnt again. Those of single entries come first: from then on
    /// nothing is stored that was computed while one of them was ended unseen. Those of any entry come behind them, and take
    /// out what was stored until then, where there was such an end.
    pub(crate) fn all_again(&self) -> Vec<Arc<Cell>> {
        let mut cells = self.all();
        cells.sort_by_key(|cell| !entries::is_entry(cell));
        cells
    }

    /// Of functions whose entries were ended here while there was no link, the epoch to compare with is lost: what others
    /// ended meanwhile cannot be told. To be called before what is owed is delivered, which gives a new one.
    pub(crate) fn end_unseen(&self) {
        self.all().iter().filter(|cell| !cell.epoch().is_confirmed()).for_each(|cell| self.end_missed(cell));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::epoch::Entries;
    use crate::sync::{AtomicU64, Ordering};

    #[test]
    fn an_end_heard_on_a_new_link_does_not_hide_that_others_were_missed() {
        #[derive(Default)]
        struct Counted(AtomicU64);

        impl Entries for Counted {
            fn end_one(&self, _: u64) {}

            fn end_all(&self) {
                self.0.fetch_add(1, Ordering::SeqCst);
            }
        }

        let (table, counted, owner) = (Table::new(true), Arc::new(Counted::default()), Owner::of(&[1; 32]));
        let keeper: Arc<dyn Entries> = counted.clone();
        table.keep(owner, Arc::downgrade(&keeper));
        let any = table.cell(&owner.any_entry());
        table.learn(&any, any.guard(), Epoch::confirmed(5));
        let relinked = |heard: Option<u64>, told: u64| {
            table.unlink();
            if let Some(heard) = heard {
                table.announce(&owner.any_entry(), Epoch::confirmed(heard), false);
            }
            let before = counted.0.load(Ordering::SeqCst);
            table.learn_again(&any, any.distrust(), Some(Epoch::confirmed(told).into()));
            counted.0.load(Ordering::SeqCst) > before
        };
        assert!(!relinked(None, 5), "nothing was ended");
        assert!(relinked(None, 6), "one was missed");
        assert!(relinked(Some(8), 8), "one was heard, and any number missed before it");
        assert!(!relinked(None, 8));
    }
}
