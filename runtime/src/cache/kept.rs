//! A value as memory keeps it: what a hit needs, so that a hit clones the value and nothing else.

use std::sync::Arc;

use super::entry::{AnyValue, judge};
use super::{Coherence, Entry, Times, Verdict};
use crate::clock::Moment;
use crate::epoch::{Cell, Epoch, Stamp, is_entry};
use crate::value::Storable;

/// The cells that every value of one function depends on: everything, and the entity (or everything once more).
pub(crate) type Own = [Arc<Cell>; 2];

/// One value in memory.
#[derive(Clone, Debug)]
pub(crate) struct Kept<V> {
    pub(crate) value: V,
    pub(crate) facts: Facts,
}

/// All that decides whether a value in memory may be served.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    /// The epochs of the function's own cells.
    own: [Epoch; 2],
    /// What few values have.
    more: Option<Arc<More>>,
    pub(crate) born: Moment,
    pub(crate) deadline: Moment,
    pub(crate) renew_at: Moment,
    /// Finds it by the name of its entry.
    pub(crate) mark: u64,
    /// Which computation made it.
    pub(crate) made: u64,
}

/// What few values have.
#[derive(Debug)]
struct More {
    /// The epochs of all but the function's own cells.
    stamp: Stamp,
    /// Until when it is served, where that is not its whole time.
    served_until: Moment,
}

impl<V: Storable> Kept<V> {
    /// The value with its whole stamp, to be handed on.
    pub(crate) fn entry(&self, own: &Own) -> Entry {
        self.facts.entry(Box::new(self.value.clone()), own)
    }
}

impl Facts {
    pub(crate) fn of(entry: &Entry, own: &Own, mark: u64) -> Self {
        let parts = entry.stamp.parts();
        let epoch = |cell: &Arc<Cell>| {
            let found = parts.iter().find(|(known, _)| Arc::ptr_eq(known, cell));
            found.map_or(Epoch::UNKNOWN, |(_, epoch)| *epoch)
        };
        let mut more = Stamp::default();
        for (cell, epoch) in
            parts.iter().filter(|(cell, _)| !is_entry(cell) && !own.iter().any(|own| Arc::ptr_eq(own, cell)))
        {
            more.add(cell, *epoch);
        }
        let served_until = entry.served_until;
        let is_plain = more.parts().is_empty() && served_until >= entry.deadline;
        let more = if is_plain { None } else { Some(Arc::new(More { stamp: more, served_until })) };
        let own = [epoch(&own[0]), epoch(&own[1])];
        Self { own, more, born: entry.born, deadline: entry.deadline, renew_at: entry.renew_at, mark, made: entry.made }
    }

    /// The whole stamp.
    pub(crate) fn stamp(&self, own: &Own) -> Stamp {
        let mut stamp = Stamp::default();
        stamp.add(&own[0], self.own[0]);
        stamp.add(&own[1], self.own[1]);
        if let Some(more) = &self.more {
            stamp.merge(&more.stamp);
        }
        stamp
    }

    /// `value` with these facts, to be handed on.
    pub(crate) fn entry(&self, value: Box<AnyValue>, own: &Own) -> Entry {
        let Self { born, deadline, renew_at, made, .. } = *self;
        let served_until = self.served_until();
        Entry { value, stamp: self.stamp(own), born, deadline, served_until, renew_at, stored: true, made }
    }

    /// Until when it is served; then it is for calls whose body fails.
    pub(crate) fn served_until(&self) -> Moment {
        self.more.as_ref().map_or(self.deadline, |more| more.served_until)
    }

    /// Whether nothing it depends on has been ended since.
    #[inline]
    pub(crate) fn is_current(&self, own: &Own) -> bool {
        own[0].epoch() == self.own[0]
            && own[1].epoch() == self.own[1]
            && self.more.as_ref().is_none_or(|more| more.stamp.is_current())
    }

    /// Whether it may be served: see [`judge`].
    #[inline]
    pub(crate) fn judge(&self, own: &Own, coherence: Coherence, times: Times) -> Verdict {
        judge(self.is_current(own), self.born, self.deadline, coherence, times)
    }
}
