//! What a miss asks of memory, and what it keeps there.

use std::sync::Arc;
use std::time::Duration;

use super::entry::judge;
use super::kept::Facts;
use super::look::{Plan, Run};
use super::{Entry, Store, Verdict};
use crate::clock::Moment;
use crate::epoch::{Cell, mark};

impl Run {
    /// What memory holds for this call, if it may be served.
    pub(super) fn remembered(&self) -> Option<Arc<Entry>> {
        let entry = self.function.found(self.captured.as_ref(), &self.key)?;
        let times = self.larder.times(entry.deadline == Moment::NEVER);
        let verdict = judge(entry.stamp.is_current(), entry.born, entry.deadline, self.core().coherence, times);
        (verdict == Verdict::Fresh).then(|| Arc::new(entry))
    }

    /// What memory holds for this call, if the epochs of `cells`, just read, are all that it depends on.
    pub(super) fn confirmed_by(&self, cells: &[Arc<Cell>]) -> Option<Arc<Entry>> {
        let entry = self.function.found(None, &self.key)?;
        let covered = entry.stamp.parts().iter().all(|(cell, _)| cells.iter().any(|read| Arc::ptr_eq(read, cell)));
        let good = covered && entry.stamp.is_current() && self.larder.now() < entry.deadline;
        good.then(|| Arc::new(entry))
    }

    /// Keeps a value that may be stored; `began`: the table's counter before it was computed, or asked for.
    pub(super) fn remember(&self, entry: &Entry, began: u64) {
        // What was ended meanwhile does not take the place of what was computed behind that end.
        if let Some(facts) = self.facts(entry).filter(|_| !entry.stamp.is_ended()) {
            self.function.keep(self.captured.as_ref(), &self.key, (&*entry.value, facts), &self.entry, began);
        }
    }

    /// What memory is to know of a value, where memory keeps it.
    fn facts(&self, entry: &Entry) -> Option<Facts> {
        let core = self.core();
        #[cfg(feature = "testkit")]
        if self.larder.is_testing() {
            crate::testkit::seen::carried(core.entity, &entry.stamp);
        }
        let kept = self.captured.is_some() || core.store != Store::Redis;
        kept.then(|| Facts::of(entry, &core.cells, mark(&self.hash)))
    }

    /// Whether a value is one that memory held when the call began: it does not carry the epoch of its own entry.
    fn was_remembered(&self, entry: &Entry) -> bool {
        !entry.stamp.parts().iter().any(|(cell, _)| Arc::ptr_eq(cell, &self.entry))
    }

    /// Whether a value that memory held when the call began may have been ended by the name of its entry since then. To be
    /// asked when the epoch of any entry is known.
    pub(super) fn may_be_forgotten(&self, entry: &Entry) -> bool {
        let is_held = || self.function.found(None, &self.key).is_some_and(|kept| kept.made == entry.made);
        let any_entry = self.core().any_entry.epoch();
        // Not known twice is not the same: it may have been known, and raised, in between.
        let stands = any_entry.is_known() && any_entry == self.any_entry;
        self.was_remembered(entry) && !stands && !is_held()
    }

    /// A renewal failed: the value is served on, and the next attempt is made a little later.
    pub(super) fn postpone(&self) {
        if let Plan::Renew(entry) = &self.plan
            && entry.stamp.is_current()
        {
            self.put_off(entry);
        }
    }

    /// The next attempt to replace a value is made a little later.
    pub(super) fn put_off(&self, entry: &Entry) {
        /// Failing sources are asked about once in this time.
        const PAUSE: Duration = Duration::from_secs(1);
        let Some(mut facts) = self.facts(entry) else { return };
        facts.renew_at = self.larder.now() + PAUSE;
        let kept = (&*entry.value, facts);
        if self.was_remembered(entry) {
            self.function.keep_on(&self.key, kept);
        } else {
            self.function.keep(self.captured.as_ref(), &self.key, kept, &self.entry, self.began);
        }
    }
}
