//! All entities and tags that this process has met.
//!
//! Invariants:
//! 1. A cell that a stored value, a flight or a function refers to stays: there is one cell per name in use.
//! 2. A cell that nobody refers to may be swept; `floor` remembers that something ended until then. Not swept: what waits
//!    for Redis, what is fenced, and what was raised lately, so that a server that forgets it is told again.

use std::collections::HashMap;
use std::time::Duration;

use super::entries::{self, Ends, Entries, Keepers, Owner};
use super::{Cell, Epoch, Fencing, Guard, Told, canonical};
use crate::clock::{Clock, Moment};
use crate::sync::{Arc, AtomicU64, Mutex, MutexGuard, Ordering, PoisonError, Weak};

/// The cells of one instance.
#[derive(Debug)]
pub(crate) struct Table {
    /// Grows with every change of any cell.
    pub(super) counter: AtomicU64,
    /// Numbers the epochs that only this process knows.
    provisional: AtomicU64,
    /// Whether epochs come from Redis.
    remote: bool,
    clock: Clock,
    /// How long a source may show what was there before an end.
    settle: Duration,
    cells: Mutex<Cells>,
    keepers: Keepers,
    #[cfg(feature = "axum")]
    recent: super::Recent,
    /// The epochs of any entry as they were when the link was lost.
    #[cfg(any(feature = "redis", feature = "testkit"))]
    pub(super) linked: Mutex<HashMap<Owner, Epoch>>,
}

#[derive(Debug)]
struct Cells {
    by_name: HashMap<Arc<str>, Arc<Cell>>,
    sweep_at: usize,
    floor: u64,
}

/// No sweep below this many cells.
const SWEEP_FROM: usize = 1024;
/// What was changed by one of the last so many changes is kept, to be told to a server that forgets it. An end makes three:
/// when it begins, is heard and is confirmed.
const LATELY: u64 = 3 * 1024;
/// The token of the fence that stands while a source settles: no writer draws it.
const SETTLING: u64 = 0;

impl Table {
    /// A table of names whose sources show every write at once.
    #[cfg(test)]
    pub(crate) fn new(remote: bool) -> Self {
        Self::with(remote, Clock::system(), Duration::ZERO)
    }

    pub(crate) fn with(remote: bool, clock: Clock, settle: Duration) -> Self {
        let cells = Cells { by_name: HashMap::new(), sweep_at: SWEEP_FROM, floor: 0 };
        let (counter, provisional) = (AtomicU64::new(0), AtomicU64::new(0));
        Self {
            counter,
            provisional,
            remote,
            clock,
            settle,
            cells: Mutex::new(cells),
            keepers: Keepers::default(),
            #[cfg(feature = "axum")]
            recent: super::Recent::default(),
            #[cfg(any(feature = "redis", feature = "testkit"))]
            linked: Mutex::default(),
        }
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
            cells.sweep(self.clock.coarse(), self.remote.then(|| self.counter()));
        }
        let name: Arc<str> = Arc::from(name);
        let value = if self.remote { Epoch::UNKNOWN } else { self.provisional() };
        let cell = Arc::new(Cell::new(Arc::clone(&name), value, cells.floor));
        cells.by_name.insert(name, Arc::clone(&cell));
        cell
    }

    /// Ends what carries the name, in this process.
    pub(crate) fn end(&self, cell: &Cell, fencing: Fencing) {
        self.fenced(cell, fencing, || cell.end(&self.counter, self.provisional()));
        #[cfg(feature = "axum")]
        self.recent.made(cell.name(), self.clock.coarse(), Some(cell.epoch()));
        self.end_kept(cell);
    }

    pub(crate) fn begin_end(&self, cell: &Cell, fencing: Fencing) {
        self.fenced(cell, fencing, || cell.begin_end(&self.counter, self.provisional()));
        #[cfg(feature = "axum")]
        self.recent.made(cell.name(), self.clock.coarse(), None);
        self.end_kept(cell);
    }

    /// Raises a fence before something is ended, or takes it away behind that.
    fn fenced(&self, cell: &Cell, fencing: Fencing, end: impl FnOnce()) {
        let now = self.clock.coarse();
        if let Fencing::Raise(fence) = fencing {
            cell.fence(fence.token, now + self.clock.lag() + fence.life, now);
        }
        if !self.settle.is_zero() {
            cell.fence(SETTLING, now + self.clock.lag() + self.settle, now);
        }
        end();
        if let Fencing::Lower(token) = fencing {
            cell.unfence(token);
        }
    }

    pub(crate) fn confirm_end(&self, cell: &Cell, ends: u32, told: impl Into<Told>) {
        let told = told.into();
        cell.confirm_end(&self.counter, ends, told, self.provisional());
        #[cfg(feature = "axum")]
        self.recent.confirmed(cell.name(), ends, told.epoch);
    }

    /// The last ends that were made here or heard of.
    #[cfg(feature = "axum")]
    pub(crate) const fn recent(&self) -> &super::Recent {
        &self.recent
    }

    /// The server announced that `name` is at `told` now; `first`: that it had none before.
    pub(crate) fn announce(&self, name: &str, told: impl Into<Told>, first: bool) {
        let (cell, told) = (self.cell(name), told.into());
        let before = cell.changed();
        cell.announce(&self.counter, told, first, self.provisional());
        #[cfg(feature = "axum")]
        if !first {
            self.recent.heard(cell.name(), self.clock.coarse(), told.epoch);
        }
        if cell.changed() != before {
            self.end_kept(&cell);
        }
    }

    /// Redis is known to have given `cell` this epoch: what was computed before is ended.
    pub(crate) fn reaches(&self, cell: &Cell, epoch: Epoch) {
        if cell.reaches(&self.counter, epoch, self.provisional()) {
            self.end_kept(cell);
            self.end_missed(cell);
        }
    }

    /// From now on, `keeper` is told which entries of its function are ended.
    pub(crate) fn keep(&self, owner: Owner, keeper: Weak<dyn Entries>) {
        self.keepers.add(owner, keeper);
    }

    /// Tells who keeps it that a single entry was ended.
    pub(super) fn end_kept(&self, cell: &Cell) {
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

    /// Takes over what Redis answered. `true`: Redis lost a later epoch, and must be told again.
    pub(crate) fn learn(&self, cell: &Cell, guard: Guard, told: impl Into<Told>) -> bool {
        let before = cell.epoch();
        let lost = cell.learn(&self.counter, guard, told.into());
        // One of this process alone stood for an answer that did not come: what was ended since then was announced.
        if before.is_confirmed() && cell.epoch() != before {
            self.end_missed(cell);
            self.end_kept(cell);
        }
        lost
    }

    /// Tells who keeps them that entries of a function may have been ended unseen.
    pub(super) fn end_missed(&self, cell: &Cell) {
        if let Some(Ends::Any(owner)) = entries::read(cell.name()) {
            self.keepers.of(owner).iter().for_each(|keeper| keeper.end_all());
        }
    }

    /// Every cell.
    pub(crate) fn all(&self) -> Vec<Arc<Cell>> {
        self.cells().by_name.values().cloned().collect()
    }
}

impl Cells {
    /// `counter`: that of a table whose epochs come from Redis.
    fn sweep(&mut self, now: Moment, counter: Option<u64>) {
        let mut floor = self.floor;
        self.by_name.retain(|_, cell| {
            let lately = counter.is_some_and(|counter| cell.changed() > 0 && cell.changed() + LATELY > counter);
            let used = Arc::strong_count(cell) > 1 || lately || cell.is_pending() || cell.fenced_until() > now;
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
            table.begin_end(&cell, Fencing::None);
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
        table.begin_end(&cell, Fencing::None);
        table.announce("tools", at(5), false);
        table.announce("tools", at(6), false);
        table.confirm_end(&cell, 1, at(5));
        assert_eq!(cell.epoch(), at(6));
    }

    #[test]
    fn announcements_that_overtook_each_other_leave_the_epoch_unknown() {
        let table = Table::new(true);
        let cell = table.cell("tools");
        table.begin_end(&cell, Fencing::None);
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
            table.begin_end(&cell, Fencing::None);
            table.begin_end(&cell, Fencing::None);
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
        table.begin_end(&cell, Fencing::None);
        table.learn(&cell, cell.guard(), Epoch::confirmed(3));
        assert!(!cell.epoch().is_confirmed());
    }

    #[test]
    fn a_swept_cell_is_remembered_by_the_floor() {
        let table = Table::new(false);
        let before = table.counter();
        table.end(&table.cell("gone"), Fencing::None);
        for i in 0..=SWEEP_FROM {
            let _ = table.cell(&i.to_string());
        }
        assert!(table.cell("gone").changed() > before);
    }

    #[test]
    fn a_sweep_keeps_to_the_tick_and_the_change_and_comes_again_at_twice_as_many() {
        let (table, now) = (Table::new(true), Moment::from_nanos(50));
        table.cell("fenced").fence(1, Moment::from_nanos(51), Moment::START);
        table.cell("past").fence(1, now, Moment::START);
        table.announce("lately", at(5), false);
        let last = table.cell("lately").changed() + LATELY - 1;
        let kept = |counter| {
            let mut cells = table.cells();
            cells.sweep(now, Some(counter));
            let mut names: Vec<_> = cells.by_name.keys().map(ToString::to_string).collect();
            names.sort();
            names
        };
        assert_eq!(kept(last), ["fenced", "lately"]);
        assert_eq!(kept(last + 1), ["fenced"]);
        let _used: Vec<_> = (0..SWEEP_FROM / 2).map(|id| table.cell(&id.to_string())).collect();
        let mut cells = table.cells();
        cells.sweep(now, None);
        assert_eq!(cells.sweep_at, SWEEP_FROM + 2, "the fenced one, too");
    }
}
