//! What a transaction holds back: the ends made inside it, and the fences that stand until they are sent.

use std::collections::BTreeSet;
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
    cells: Vec<Arc<Cell>>,
    fenced: Vec<Arc<Cell>>,
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

    /// Whether it has not come to its end.
    pub(crate) fn is_open(&self) -> bool {
        self.ends().is_some()
    }

    /// Whose the fences are that stand until the outermost transaction ends.
    pub(super) fn token(&self) -> u64 {
        self.outer.as_ref().filter(|outer| outer.is_open()).map_or(self.token, |outer| outer.token())
    }

    /// Takes ends in; `false`: it is over, and they are to be made.
    pub(super) fn hold(self: &Arc<Self>, larder: &Larder, names: &[String], cells: &[Arc<Cell>]) -> bool {
        let held = self.change(larder, |ends| {
            ends.names.extend(names.iter().cloned());
            add(&mut ends.cells, cells);
        });
        if held {
            Gathered::held(self, larder.id(), cells);
        }
        held
    }

    /// Takes note of fences.
    pub(super) fn fenced(&self, larder: &Larder, cells: &[Arc<Cell>]) {
        self.change(larder, |ends| add(&mut ends.fenced, cells));
    }

    fn change(&self, larder: &Larder, change: impl FnOnce(&mut Ends)) -> bool {
        let mut all = self.ends();
        let Some(all) = all.as_mut() else { return false };
        let place = all.iter().position(|ends| ends.larder.id() == larder.id()).unwrap_or_else(|| {
            let (names, cells, fenced) = (BTreeSet::new(), Vec::new(), Vec::new());
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
        let mine = |all: &Vec<Ends>| all.iter().any(|ends| has(&ends.cells, cell));
        self.ends().as_ref().is_some_and(mine) || self.outer.as_ref().is_some_and(|outer| outer.holds(cell))
    }

    /// Comes to its end, and makes what it holds: the transaction around holds it from now on, or it is sent, in one round
    /// trip, before this returns.
    pub(super) fn make(&self) -> Vec<Ending> {
        let token = self.token();
        let mut sent = Vec::new();
        for Ends { larder, names, cells, fenced } in self.ends().take().unwrap_or_default() {
            let names: Vec<String> = names.into_iter().collect();
            if let Some(outer) = &self.outer
                && outer.hold(&larder, &names, &cells)
            {
                outer.fenced(&larder, &fenced);
                continue;
            }
            let bare: Vec<_> = fenced.iter().filter(|cell| !has(&cells, cell)).cloned().collect();
            let fencing = if fenced.is_empty() { Fencing::None } else { Fencing::Lower(token) };
            if !cells.is_empty() {
                sent.push(larder.end_now(&names, cells, fencing));
            }
            if !bare.is_empty() {
                larder.lower(&bare, token);
            }
        }
        sent
    }

    /// Comes to its end, and drops what it holds: nothing was written.
    pub(super) fn discard(&self) {
        let token = self.token();
        for Ends { larder, fenced, .. } in self.ends().take().unwrap_or_default() {
            // The transaction around it may have fenced the same.
            let around = |cell: &Arc<Cell>| self.outer.as_ref().is_some_and(|outer| outer.has_fenced(cell));
            let mine: Vec<_> = fenced.into_iter().filter(|cell| !around(cell)).collect();
            if !mine.is_empty() {
                larder.lower(&mine, token);
            }
        }
    }

    fn has_fenced(&self, cell: &Arc<Cell>) -> bool {
        let mine = |all: &Vec<Ends>| all.iter().any(|ends| has(&ends.fenced, cell));
        self.ends().as_ref().is_some_and(mine) || self.outer.as_ref().is_some_and(|outer| outer.has_fenced(cell))
    }
}

fn has(cells: &[Arc<Cell>], cell: &Arc<Cell>) -> bool {
    cells.iter().any(|known| Arc::ptr_eq(known, cell))
}

fn add(cells: &mut Vec<Arc<Cell>>, more: &[Arc<Cell>]) {
    for cell in more {
        if !has(cells, cell) {
            cells.push(Arc::clone(cell));
        }
    }
}
