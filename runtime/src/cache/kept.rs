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

    /// The same for code that does not know its type.
    pub(crate) fn boxed(self) -> Kept<Box<AnyValue>> {
        Kept { value: Box::new(self.value), facts: self.facts }
    }
}

impl Kept<Box<AnyValue>> {
    /// The same for code that knows its type.
    pub(crate) fn typed<V: Storable>(self) -> Option<Kept<V>> {
        let value = *self.value.downcast().ok()?;
        Some(Kept { value, facts: self.facts })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::epoch::{Owner, Table};

    const fn at(nanos: u64) -> Moment {
        Moment::from_nanos(nanos)
    }

    fn known(table: &Table, name: &str) -> Arc<Cell> {
        table.announce(name, Epoch::confirmed(5), false);
        table.cell(name)
    }

    /// A value that depends on these, served until 20, and gone at 30 or at 20.
    fn entry(cells: &[&Arc<Cell>], deadline: Moment) -> Entry {
        let mut stamp = Stamp::default();
        cells.iter().for_each(|cell| stamp.add(cell, cell.epoch()));
        let (born, served_until, renew_at) = (at(1), at(20), at(15));
        Entry { value: Box::new(7_u32), stamp, born, deadline, served_until, renew_at, stored: true, made: 9 }
    }

    #[test]
    fn a_value_is_current_while_all_is_that_it_depends_on_but_its_own_entry() {
        for ended in ["@everything", "tools", "tag", "entry", "other"] {
            for deadline in [at(20), at(30)] {
                let table = Table::new(true);
                let [everything, tools, tag, _other] =
                    ["@everything", "tools", "tag", "other"].map(|name| known(&table, name));
                let single = known(&table, &Owner::of(&[1; 32]).entry(&[2; 32]));
                let own: Own = [everything, tools];
                let facts = Facts::of(&entry(&[&own[0], &own[1], &tag, &single], deadline), &own, 3);
                assert!(facts.is_current(&own));
                let stamp = facts.stamp(&own);
                let names: Vec<&str> = stamp.parts().iter().map(|(cell, _)| &**cell.name()).collect();
                assert_eq!(names, ["@everything", "tools", "tag"]);
                assert!(stamp.is_current());
                let ends = if ended == "entry" { &**single.name() } else { ended };
                table.announce(ends, Epoch::confirmed(6), false);
                let lives = ["entry", "other"].contains(&ended);
                assert_eq!(facts.is_current(&own), lives, "{ended} was ended");
                let times = Times { now: at(10), tracked_until: Moment::NEVER, lease: std::time::Duration::ZERO };
                let verdict = if lives { Verdict::Fresh } else { Verdict::Gone };
                assert_eq!(facts.judge(&own, Coherence::Tracked, times), verdict, "{ended} was ended");
            }
        }
    }

    #[test]
    fn few_values_have_more_than_the_epochs_of_their_function_and_all_are_handed_on_as_they_came() {
        let table = Table::new(true);
        let [everything, tools, tag] = ["@everything", "tools", "tag"].map(|name| known(&table, name));
        let own: Own = [everything, tools];
        for (cells, deadline, plain) in [
            (vec![&own[0], &own[1]], at(20), true),
            (vec![&own[0], &own[1]], at(30), false),
            (vec![&own[0], &own[1], &tag], at(20), false),
        ] {
            let facts = Facts::of(&entry(&cells, deadline), &own, 3);
            assert_eq!(facts.more.is_none(), plain, "until {deadline:?}");
            let handed_on = Kept { value: 7_u32, facts }.entry(&own);
            let times = (handed_on.born, handed_on.renew_at, handed_on.served_until, handed_on.deadline);
            assert_eq!(times, (at(1), at(15), at(20), deadline));
            assert_eq!((handed_on.stamp.parts().len(), handed_on.made, handed_on.stored), (cells.len(), 9, true));
            assert_eq!(handed_on.value.downcast_ref(), Some(&7_u32));
        }
    }
}
