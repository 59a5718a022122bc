//! What a transaction holds back: the ends made inside it, and the fences that stand until they are sent.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Larder;
use super::ends::{Ending, new_token};
use super::receipts::Gathered;
use crate::ambient::Ambient;
use crate::epoch::{Cell, Fencing};

/// The ends that one transaction holds.
#[derive(Debug)]
pub(crate) struct Held {
    outer: Option<Arc<Self>>,
    token: u64,
    /// `None` once it came to its end.
    ends: Mutex<Option<Vec<Ends>>>,
}

/// Those made in one instance.
#[derive(Debug)]
struct Ends {
    larder: Larder,
    names: BTreeSet<String>,
    cells: Cells,
    fenced: Cells,
}

/// Cells in the order in which they came, each once.
#[derive(Debug, Default)]
struct Cells {
    in_order: Vec<Arc<Cell>>,
    /// Where they lie: none goes while it is in the list.
    addresses: HashSet<usize>,
}

impl Cells {
    fn address(cell: &Arc<Cell>) -> usize {
        Arc::as_ptr(cell).addr()
    }

    fn add(&mut self, more: &[Arc<Cell>]) {
        for cell in more {
            if self.addresses.insert(Self::address(cell)) {
                self.in_order.push(Arc::clone(cell));
            }
        }
    }

    fn has(&self, cell: &Arc<Cell>) -> bool {
        self.addresses.contains(&Self::address(cell))
    }
}

impl Held {
    /// Holds nothing yet; what it comes to hold goes to the transaction around it, if there is one.
    pub(super) fn within(outer: Option<Arc<Self>>) -> Arc<Self> {
        Arc::new(Self { outer, token: new_token(), ends: Mutex::new(Some(Vec::new())) })
    }

    /// That of the innermost transaction here.
    pub(super) fn current() -> Option<Arc<Self>> {
        Ambient::current().and_then(|ambient| ambient.transaction.clone())
    }

    fn ends(&self) -> MutexGuard<'_, Option<Vec<Ends>>> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it, or one around it, has not come to its end.
    pub(crate) fn is_open(&self) -> bool {
        self.ends().is_some() || self.outer.as_ref().is_some_and(|outer| outer.is_open())
    }

    /// Whether this is `other`, or lies inside it.
    pub(super) fn is_within(self: &Arc<Self>, other: &Arc<Self>) -> bool {
        Arc::ptr_eq(self, other) || self.outer.as_ref().is_some_and(|outer| outer.is_within(other))
    }

    /// Whose the fences are that stand until the outermost transaction ends.
    pub(super) fn token(&self) -> u64 {
        self.outer.as_ref().filter(|outer| outer.is_open()).map_or(self.token, |outer| outer.token())
    }

    /// Takes ends in, or has the transaction around take them in; `false`: all are over, and they are to be made.
    pub(super) fn hold(self: &Arc<Self>, larder: &Larder, names: &[String], cells: &[Arc<Cell>]) -> bool {
        let held = self.change(larder, |ends| {
            ends.names.extend(names.iter().cloned());
            ends.cells.add(cells);
        });
        if held {
            Gathered::held(self, larder.id(), cells);
        }
        held || self.outer.as_ref().is_some_and(|outer| outer.hold(larder, names, cells))
    }

    /// Takes note of fences.
    pub(super) fn fenced(&self, larder: &Larder, cells: &[Arc<Cell>]) {
        if !self.change(larder, |ends| ends.fenced.add(cells))
            && let Some(outer) = &self.outer
        {
            outer.fenced(larder, cells);
        }
    }

    fn change(&self, larder: &Larder, change: impl FnOnce(&mut Ends)) -> bool {
        let mut all = self.ends();
        let Some(all) = all.as_mut() else { return false };
        let place = all.iter().position(|ends| ends.larder.id() == larder.id()).unwrap_or_else(|| {
            let (names, cells, fenced) = (BTreeSet::new(), Cells::default(), Cells::default());
            all.push(Ends { larder: larder.clone(), names, cells, fenced });
            all.len() - 1
        });
        if let Some(ends) = all.get_mut(place) {
            change(ends);
        }
        true
    }

    /// Whether the end of this is held, here or in a transaction around.
    pub(crate) fn holds(&self, cell: &Arc<Cell>) -> bool {
        let mine = |all: &Vec<Ends>| all.iter().any(|ends| ends.cells.has(cell));
        self.ends().as_ref().is_some_and(mine) || self.outer.as_ref().is_some_and(|outer| outer.holds(cell))
    }

    /// Comes to its end, and makes what it holds: the transaction around holds it from now on, or it is sent, in one round
    /// trip, before this returns.
    pub(super) fn make(&self) -> Vec<Ending> {
        let token = self.token();
        let mut sent = Vec::new();
        for Ends { larder, names, cells, fenced } in self.hand_over() {
            let bare: Vec<_> = fenced.in_order.iter().filter(|cell| !cells.has(cell)).cloned().collect();
            let fencing = if fenced.in_order.is_empty() { Fencing::None } else { Fencing::Lower(token) };
            if !cells.in_order.is_empty() {
                sent.push(larder.end_now(&names, cells.in_order, fencing));
            }
            if !bare.is_empty() {
                larder.lower(&bare, token);
            }
        }
        sent
    }

    /// What no transaction around takes in. The lock is held until that one has the rest: what is left of the transaction's
    /// tasks finds it held here or there.
    fn hand_over(&self) -> Vec<Ends> {
        let mut held = self.ends();
        let mut all = held.take().unwrap_or_default();
        if let Some(outer) = &self.outer {
            all.retain(|Ends { larder, names, cells, fenced }| {
                let names: Vec<String> = names.iter().cloned().collect();
                let taken = outer.hold(larder, &names, &cells.in_order);
                if taken {
                    outer.fenced(larder, &fenced.in_order);
                }
                !taken
            });
        }
        all
    }

    /// Comes to its end, and drops what it holds: nothing was written.
    pub(super) fn discard(&self) {
        let token = self.token();
        for Ends { larder, fenced, .. } in self.ends().take().unwrap_or_default() {
            // The transaction around it may have fenced the same.
            let around = |cell: &Arc<Cell>| self.outer.as_ref().is_some_and(|outer| outer.has_fenced(cell));
            let mine: Vec<_> = fenced.in_order.into_iter().filter(|cell| !around(cell)).collect();
            if !mine.is_empty() {
                larder.lower(&mine, token);
            }
        }
    }

    fn has_fenced(&self, cell: &Arc<Cell>) -> bool {
        let mine = |all: &Vec<Ends>| all.iter().any(|ends| ends.fenced.has(cell));
        self.ends().as_ref().is_some_and(mine) || self.outer.as_ref().is_some_and(|outer| outer.has_fenced(cell))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    use pollster::block_on;

    use super::*;

    /// Each name is compared with a few, and not with all that came before: with all of them, this takes minutes.
    #[test]
    fn a_transaction_of_very_many_names_holds_each_once_in_a_time_that_grows_with_their_number() {
        const NAMES: usize = 40_000;
        let held = || {
            let larder = block_on(Larder::builder().ignore_environment().build()).expect("in memory");
            let held = Held::within(None);
            let cells: Vec<_> = (0..NAMES).map(|id| larder.table().cell(&format!("tag:{id}"))).collect();
            for cell in cells.iter().chain(&cells) {
                assert!(held.hold(&larder, &[], std::slice::from_ref(cell)));
                held.fenced(&larder, std::slice::from_ref(cell));
            }
            assert!(cells.iter().all(|cell| held.holds(cell) && held.has_fenced(cell)));
            assert!(!held.holds(&larder.table().cell("another")));
            let receipts: Vec<_> = held.make().into_iter().map(block_on).collect();
            let names: Vec<_> = receipts.iter().flat_map(|receipt| receipt.names()).collect();
            names.len()
        };
        let (done, ended) = mpsc::channel();
        thread::spawn(move || done.send(held()));
        assert_eq!(ended.recv_timeout(Duration::from_secs(20)), Ok(NAMES), "it did not end");
    }
}
