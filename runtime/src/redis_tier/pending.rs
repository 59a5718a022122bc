//! Invalidations made here that Redis has not confirmed: kept until it does.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::epoch::Cell;

/// What is owed to Redis, by name.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    owed: Mutex<BTreeMap<Arc<str>, Owed>>,
}

/// Ends of one name that were made here and not confirmed.
#[derive(Clone, Debug)]
pub(crate) struct Owed {
    pub(crate) cell: Arc<Cell>,
    /// How many: one raised epoch settles them all.
    pub(crate) ends: u32,
}

impl Pending {
    fn owed(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, Owed>> {
        self.owed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add(&self, cell: &Arc<Cell>) {
        let mut owed = self.owed();
        let entry = owed.entry(Arc::clone(cell.name()));
        entry.or_insert_with(|| Owed { cell: Arc::clone(cell), ends: 0 }).ends += 1;
    }

    /// Takes all that is owed; what is not delivered is to be given back.
    pub(crate) fn take(&self) -> Vec<Owed> {
        std::mem::take(&mut *self.owed()).into_values().collect()
    }

    #[cfg(feature = "redis")]
    pub(crate) fn give_back(&self, owed: Owed) {
        let mut all = self.owed();
        let entry = all.entry(Arc::clone(owed.cell.name()));
        entry.or_insert_with(|| Owed { cell: Arc::clone(&owed.cell), ends: 0 }).ends += owed.ends;
    }

    pub(crate) fn count(&self) -> u64 {
        self.owed().values().map(|owed| u64::from(owed.ends)).sum()
    }
}
