//! The stamp of a value: the epochs of all that it depends on, read before it was computed.

use std::sync::Arc;

use super::{Cell, Epoch};

/// The epochs that a value was computed at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stamp {
    parts: Vec<(Arc<Cell>, Epoch)>,
}

impl Stamp {
    /// Adds an epoch. Of two epochs of one name the older stays: the value depends on what was read first.
    pub(crate) fn add(&mut self, cell: &Arc<Cell>, epoch: Epoch) {
        match self.parts.iter_mut().find(|(known, _)| Arc::ptr_eq(known, cell)) {
            None => self.parts.push((Arc::clone(cell), epoch)),
            Some((_, known)) if *known != epoch => {
                // Whichever is older, it is not the present one; the present one must not stand for both.
                if *known == cell.epoch() {
                    *known = epoch;
                }
            }
            Some(_) => {}
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (cell, epoch) in &other.parts {
            self.add(cell, *epoch);
        }
    }

    /// The same, but for one name.
    pub(crate) fn without(&self, cell: &Arc<Cell>) -> Self {
        Self { parts: self.parts.iter().filter(|(known, _)| !Arc::ptr_eq(known, cell)).cloned().collect() }
    }

    pub(crate) fn parts(&self) -> &[(Arc<Cell>, Epoch)] {
        &self.parts
    }

    /// Whether nothing it depends on has been ended since.
    #[inline]
    pub(crate) fn is_current(&self) -> bool {
        self.parts.iter().all(|(cell, epoch)| cell.epoch() == *epoch)
    }

    /// Whether something it depends on is known to have been ended since.
    pub(crate) fn is_ended(&self) -> bool {
        self.parts.iter().any(|(cell, epoch)| {
            let present = cell.epoch();
            present.is_known() && present != *epoch
        })
    }

    /// Whether every epoch came from Redis, so that other processes can compare it.
    pub(crate) fn is_confirmed(&self) -> bool {
        self.parts.iter().all(|(_, epoch)| epoch.is_confirmed())
    }
}
