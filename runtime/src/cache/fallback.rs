//! A value beyond its life, served where the body that would replace it fails.

use std::sync::Arc;

use super::entry::judge;
use super::look::{Plan, Run};
use super::run::Flight;
use super::{Entry, Verdict};
use crate::log;

impl Run {
    /// What was read, if it is still served; what is not stands by for a body that fails.
    pub(super) fn served(&mut self, fetched: Option<Arc<Entry>>) -> Option<Arc<Entry>> {
        let now = self.larder.now();
        let (served, former) = match fetched {
            Some(entry) if now >= entry.served_until => (None, Some(entry)),
            fetched => (fetched, None),
        };
        if let (Some(entry), Plan::Cached | Plan::Confirm(_)) = (former, &self.plan) {
            self.plan = Plan::Fallback(entry);
        }
        served
    }

    /// The value that stands by.
    pub(super) fn former(&self) -> Option<Arc<Entry>> {
        match &self.plan {
            Plan::Fallback(entry) => Some(Arc::clone(entry)),
            Plan::Confirm(entry) if self.larder.now() >= entry.served_until => Some(Arc::clone(entry)),
            _ => None,
        }
    }

    /// Whether that is served now: to this call, and to those who wait for it. Nothing that was ended ever is.
    pub(super) async fn falls_back(&mut self, entry: &Arc<Entry>) -> bool {
        if !self.may_be_served(entry).await {
            return false;
        }
        self.core().counters.stale.up();
        log::warn(&format_args!("{}: the body failed: an older value is served", self.core().path));
        self.put_off(entry);
        self.report(entry);
        if let Some(Flight { pilot, .. }) = self.flight.take() {
            pilot.land(Arc::clone(entry));
        }
        true
    }

    async fn may_be_served(&self, entry: &Entry) -> bool {
        let times = self.larder.times(false);
        let current = match judge(entry.stamp.is_current(), entry.born, entry.deadline, self.core().coherence, times) {
            Verdict::Fresh => true,
            Verdict::Gone => false,
            Verdict::Unconfirmed => self.learn(&self.cells_of(entry), true).await && entry.stamp.is_current(),
        };
        current && self.larder.now() < entry.deadline && !self.may_be_forgotten(entry)
    }
}
