//! All entities and tags that this process has met.
//!
//! Invariants:
//! 1. A cell that a stored value, a flight or a function refers to stays: there is one cell per name in use.
//! 2. A cell that nobody refers to may be swept; `floor` remembers that something ended until then.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

#[cfg(feature = "redis")]
use super::entries::Along;
use super::entries::{self, Ends, Entries, Keepers, Owner};
use super::{Cell, Epoch, Guard, canonical};

/// The cells of one instance.
#[derive(Debug)]
pub(crate) struct Table {
    /// Grows with every change of any cell.
    counter: AtomicU64,
    /// Numbers the epochs that only this process knows.
    provisional: AtomicU64,
    /// Whether epochs come from Redis.
    remote: bool,
    cells: Mutex<Cells>,
    keepers: Keepers,
}

#[derive(Debug)]
struct Cells {
    by_name: HashMap<Arc<str>, Arc<Cell>>,
    sweep_at: usize,
    floor: u64,
}

/// No sweep below this many cells.
const SWEEP_FROM: usize = 1024;

impl Table {
    pub(crate) fn new(remote: bool) -> Self {
        let cells = Cells { by_name: HashMap::new(), sweep_at: SWEEP_FROM, floor: 0 };
        let (counter, provisional) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { counter, provisional, remote, cells: Mutex::new(cells), keepers: Keepers::default() }
    }

    /// To be read before the epochs that a computation starts from.
    pub(crate) fn counter(&self) -> u64 {
        self.counter.load(Ordering::SeqCst)
    }

    pub(crate) fn provisional(&self) -> Epoch {
        Epoch::provisional(self.provisional.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn cells(&self) -> MutexGuard<'_, Cells> {
        self.cells.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The one cell of a user's name.
    pub(crate) fn named(&self, name: &str) -> Arc<Cell> {
        self.cell(&canonical(name))
    }

    /// The one cell of a canonical name.
    pub(crate) fn cell(&self, name: &str) -> Arc<Cell> {
        let mut cells = self.cells();
        if let Some(cell) = cells.by_name.get(name) {
            return Arc::clone(cell);
        }
        if cells.by_name.len() >= cells.sweep_at {
            cells.sweep();
        }
        let name: Arc<str> = Arc::from(name);
        let value = if self.remote { Epoch::UNKNOWN } else { self.provisional() };
        let cell = Arc::new(Cell::new(Arc::clone(&name), value, cells.floor));
        cells.by_name.insert(name, Arc::clone(&cell));
        cell
    }

    /// Ends what carries the name, in this process.
    pub(crate) fn end(&self, cell: &Cell) {
        cell.end(&self.counter, self.provisional());
        self.end_kept(cell);
    }

    pub(crate) fn begin_end(&self, cell: &Cell) {
        cell.begin_end(&self.counter, self.provisional());
        self.end_kept(cell);
    }

    pub(crate) fn confirm_end(&self, cell: &Cell, ends: u32, epoch: Epoch) {
        cell.confirm_end(&self.counter, ends, epoch, self.provisional());
    }

    /// The server announced that `name` is at `epoch` now; `first`: that it had none before.
    pub(crate) fn announce(&self, name: &str, epoch: Epoch, first: bool) {
        let cell = self.cell(name);
        let before = cell.changed();
        cell.announce(&self.counter, epoch, first, self.provisional());
        if cell.changed() != before {
            self.end_kept(&cell);
        }
    }

    /// From now on, `keeper` is told which entries of its function are ended.
    pub(crate) fn keep(&self, owner: Owner, keeper: Weak<dyn Entries>) {
        self.keepers.add(owner, keeper);
    }

    /// Tells who keeps it that a single entry was ended.
    fn end_kept(&self, cell: &Cell) {
        if let Some(Ends::One(owner, mark)) = entries::read(cell.name()) {
            self.keepers.of(owner).iter().for_each(|keeper| keeper.end_one(mark));
        }
    }

    /// Redis lost everything.
    pub(crate) fn forget_all(&self) {
        for cell in self.all() {
            cell.forget(&self.counter);
        }
    }

    pub(crate) fn learn(&self, cell: &Cell, guard: Guard, epoch: Epoch) {
        let before = cell.epoch();
        cell.learn(&self.counter, guard, epoch);
        if before.is_confirmed() && cell.epoch() != before {
            self.end_missed(cell);
            self.end_kept(cell);
        }
    }

    /// Tells who keeps them that entries of a function may have been ended unseen.
    fn end_missed(&self, cell: &Cell) {
        if let Some(Ends::Any(owner)) = entries::read(cell.name()) {
            self.keepers.of(owner).iter().for_each(|keeper| keeper.end_all());
        }
    }

    /// What goes with the end of a single entry.
    #[cfg(feature = "redis")]
    pub(crate) fn along(&self, cell: &Cell) -> Option<Along> {
        self.keepers.along(cell.name())
    }

    /// Takes over what the server says on a new link: what was announced while there was none was missed. `true`: the server
    /// forgot that this was ended, and must be told again.
    #[cfg(any(feature = "redis", feature = "testkit"))]
    pub(crate) fn learn_again(&self, cell: &Cell, guard: Guard, epoch: Option<Epoch>) -> bool {
        let epoch = epoch.unwrap_or(if entries::is_entry(cell) { Epoch::NEVER_ENDED } else { Epoch::UNKNOWN });
        let before = cell.epoch();
        if epoch.is_before(before) {
            self.begin_end(cell);
            return true;
        }
        cell.learn(&self.counter, guard, epoch);
        if !before.is_confirmed() || cell.epoch() != before {
            self.end_missed(cell);
        }
        if cell.epoch() != before && cell.epoch() != Epoch::NEVER_ENDED {
            // What was computed before may have been stored since others were told.
            self.end_kept(cell);
        }
        false
    }

    /// Of functions whose entries were ended here while there was no link, the epoch to compare with is lost: what others
    /// ended meanwhile cannot be told. To be called before what is owed is delivered, which gives a new one.
    #[cfg(any(feature = "redis", feature = "testkit"))]
    pub(crate) fn end_unseen(&self) {
        self.all().iter().filter(|cell| !cell.epoch().is_confirmed()).for_each(|cell| self.end_missed(cell));
    }

    /// Every cell.
    pub(crate) fn all(&self) -> Vec<Arc<Cell>> {
        self.cells().by_name.values().cloned().collect()
    }
}

impl Cells {
    fn sweep(&mut self) {
        let mut floor = self.floor;
        self.by_name.retain(|_, cell| {
            let used = Arc::strong_count(cell) > 1 || cell.is_pending();
            if !used {
                floor = floor.max(cell.changed());
            }
            used
        });
        self.floor = floor;
        self.sweep_at = (self.by_name.len() * 2).max(SWEEP_FROM);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(raw: u64) -> Epoch {
        Epoch::confirmed(raw)
    }

    #[test]
    fn a_read_older_than_an_announcement_is_not_taken_over() {
        let table = Table::new(true);
        let cell = table.cell("tools");
        let guard = cell.guard();
        table.announce("tools", at(8), false);
        table.learn(&cell, guard, at(7));
        assert_eq!(cell.epoch(), at(8));
    }

    #[test]
    fn a_first_epoch_ends_nothing() {
        let table = Table::new(true);
        let cell = table.cell("tools");
        let before = table.counter();
        table.announce("tools", at(5), true);
        assert_eq!((cell.epoch(), table.counter()), (at(5), before));
        table.announce("tools", at(6), true);
        assert!(cell.changed() > before, "the epoch that was known had been lost");
    }

    #[test]
    fn an_end_is_settled_whether_its_announcement_comes_before_the_reply_or_after() {
        for announced_first in [true, false] {
            let table = Table::new(true);
            let cell = table.cell("tools");
            table.begin_end(&cell);
            if announced_first {
                table.announce("tools", at(5), false);
            }
            table.confirm_end(&cell, 1, at(5));
            assert_eq!(cell.epoch(), at(5));
            let settled = cell.changed();
            table.announce("tools", at(5), false);
            assert_eq!((cell.epoch(), cell.changed()), (at(5), settled));
        }
    }

    #[test]
    fn another_process_that_ended_it_last_has_the_last_word() {
        let table = Table::new(true);
        let cell = table.cell("tools");
        table.begin_end(&cell);
        table.announce("tools", at(5), false);
        table.announce("tools", at(6), false);
        table.confirm_end(&cell, 1, at(5));
        assert_eq!(cell.epoch(), at(6));
    }

    #[test]
    fn announcements_that_overtook_each_other_leave_the_epoch_unknown() {
        let table = Table::new(true);
        let cell = table.cell("tools");
        table.begin_end(&cell);
        table.announce("tools", at(6), false);
        table.announce("tools", at(5), false);
        table.confirm_end(&cell, 1, at(6));
        assert_eq!(cell.epoch(), Epoch::UNKNOWN);
    }

    #[test]
    fn ends_whose_order_cannot_be_told_leave_the_epoch_unknown() {
        for heard in [None, Some(4)] {
            let table = Table::new(true);
            let cell = table.cell("tools");
            table.begin_end(&cell);
            table.begin_end(&cell);
            if let Some(heard) = heard {
                table.announce("tools", at(heard), false);
            }
            table.confirm_end(&cell, 1, at(6));
            assert!(!cell.epoch().is_confirmed());
            table.confirm_end(&cell, 1, at(5));
            assert_eq!(cell.epoch(), Epoch::UNKNOWN);
        }
    }

    #[test]
    fn a_pending_end_hides_what_redis_still_says() {
        let table = Table::new(true);
        let cell = table.cell("tools");
        table.learn(&cell, cell.guard(), Epoch::confirmed(3));
        table.begin_end(&cell);
        table.learn(&cell, cell.guard(), Epoch::confirmed(3));
        assert!(!cell.epoch().is_confirmed());
    }

    #[test]
    fn a_swept_cell_is_remembered_by_the_floor() {
        let table = Table::new(false);
        let before = table.counter();
        table.end(&table.cell("gone"));
        for i in 0..SWEEP_FROM * 2 {
            let _ = table.cell(&i.to_string());
        }
        assert!(table.cell("gone").changed() > before);
    }
}
