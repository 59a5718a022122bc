//! What a call inside a transaction may be answered with: nothing that the transaction is about to end.

use std::sync::Arc;

use super::look::Run;
use super::{Coherence, Entry};
use crate::epoch::Cell;
use crate::instance::Held;

impl Run {
    /// What was computed elsewhere, and depends on nothing whose end is held. It joins no flight, and leads none.
    pub(super) async fn seek_aside(&self) -> Option<Arc<Entry>> {
        let held = self.ambient.transaction.as_ref()?;
        if self.cells.iter().any(|cell| held.holds(cell)) {
            return None;
        }
        let core = self.core();
        let strict = core.coherence == Coherence::Strict && self.larder.remote().is_some();
        if strict && !self.learn(&self.cells, true).await {
            return None;
        }
        let remembered = self.remembered().filter(|entry| self.may_be_seen(held, entry));
        let (entry, counter) = match remembered {
            Some(entry) => (entry, &core.counters.hits_memory),
            None => {
                let fetched = self.fetch(&self.cells).await;
                (fetched.filter(|entry| self.may_be_seen(held, entry))?, &core.counters.hits_redis)
            }
        };
        counter.up();
        self.report(&entry);
        Some(entry)
    }

    fn may_be_seen(&self, held: &Held, entry: &Entry) -> bool {
        let is_held = |cell: &Arc<Cell>| held.holds(cell);
        self.larder.now() < entry.renew_at && !entry.stamp.parts().iter().any(|(cell, _)| is_held(cell))
    }
}
