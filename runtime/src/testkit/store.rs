//! What the stand-in holds: epochs, values, leases and records, as one server would.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::Hand;
use super::records::Records;
use crate::clock::Moment;
use crate::epoch::{Epoch, Fencing, Single, Table, Told, canonical};
use crate::lease::{Freed, Local, Own};
use crate::remote::{Found, Read, Record};

/// All that a server holds, and who is told of raised epochs.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) hand: Arc<Hand>,
    epochs: HashMap<Arc<str>, Kept>,
    /// By function.
    ends: HashMap<Box<str>, Ends>,
    /// How long the sources of those who are told may show what was there before an end.
    settle: Duration,
    values: HashMap<String, Value>,
    pub(super) leases: Local,
    pub(super) records: Records,
    /// The server's time at the last epoch, in microseconds: it does not stand still while the hand does.
    last: u64,
    subscribers: Vec<(u64, Weak<Table>)>,
    /// Who is told of leases that are let go.
    waiting: Vec<(u64, Weak<Freed>)>,
}

/// The epoch of a name, and its fences: whose, and until when.
#[derive(Debug)]
struct Kept {
    epoch: Epoch,
    raised: Moment,
    fences: Vec<(u64, Moment)>,
}

/// The ends of a function's single entries, and the floor that stands for those that were not ended.
#[derive(Debug)]
struct Ends {
    floor: Kept,
    by_mark: HashMap<Box<str>, Kept>,
}

#[derive(Debug)]
struct Value {
    record: Record,
    deadline: Moment,
}

impl Store {
    pub(super) fn new(hand: Arc<Hand>, settle: Duration) -> Self {
        let (epochs, ends, values) = (HashMap::new(), HashMap::new(), HashMap::new());
        let (subscribers, waiting) = (Vec::new(), Vec::new());
        let (leases, records) = (Local::default(), Records::default());
        Self { hand, epochs, ends, settle, values, leases, records, last: 0, subscribers, waiting }
    }

    /// Loses everything.
    pub(super) fn forget(&mut self) {
        self.epochs.clear();
        self.ends.clear();
        self.values.clear();
        self.leases.forget();
        self.records = Records::default();
    }

    /// Announces to this link from now on.
    pub(super) fn subscribe(&mut self, link: u64, table: &Arc<Table>) {
        self.unsubscribe(link);
        self.subscribers.push((link, Arc::downgrade(table)));
    }

    pub(super) fn unsubscribe(&mut self, link: u64) {
        self.subscribers.retain(|(known, table)| *known != link && table.strong_count() > 0);
        self.waiting.retain(|(known, freed)| *known != link && freed.strong_count() > 0);
    }

    /// Tells this link of leases that are let go from now on.
    pub(super) fn listen(&mut self, link: u64, freed: &Arc<Freed>) {
        self.waiting.push((link, Arc::downgrade(freed)));
    }

    /// Lets a lease go, and announces it.
    pub(super) fn release(&self, own: &Own, grace: Duration) -> bool {
        let released = self.leases.release(own, self.hand.now(), grace);
        if released {
            let name = canonical(&own.key);
            self.waiting.iter().filter_map(|(_, freed)| freed.upgrade()).for_each(|freed| freed.wake(&name));
        }
        released
    }

    pub(super) fn told(&self, name: &str) -> Option<Told> {
        let Kept { epoch, raised, fences } = match Single::of(name) {
            None => self.epochs.get(name)?,
            Some(single) => {
                let ends = self.ends.get(single.owner)?;
                ends.by_mark.get(single.mark).unwrap_or(&ends.floor)
            }
        };
        let settled = if self.settle.is_zero() { Moment::START } else { *raised + self.settle };
        Some(Told { epoch: *epoch, fenced: fences.iter().map(|(_, until)| *until).fold(settled, Moment::max) })
    }

    /// Gives an epoch to a name that has none; to the entries of a function a floor, which is not announced.
    pub(super) fn create(&mut self, name: &Arc<str>) -> Told {
        if let Some(told) = self.told(name) {
            return told;
        }
        match Single::of(name) {
            None => self.raise_to(name, Fencing::None, true),
            Some(single) => {
                let floor = self.new_epoch();
                self.ends.insert(single.owner.into(), Ends { floor, by_mark: HashMap::new() });
                self.told_or_unknown(name)
            }
        }
    }

    /// Raises an epoch, with a fence that comes or goes, and announces it; with that of a single entry the one of any.
    pub(super) fn raise(&mut self, name: &Arc<str>, fencing: Fencing) -> Told {
        let Some(single) = Single::of(name) else { return self.raise_to(name, fencing, false) };
        let epoch = self.new_epoch();
        match self.ends.get_mut(single.owner).filter(|ends| ends.by_mark.len() < Single::MOST) {
            Some(ends) => drop(ends.by_mark.insert(single.mark.into(), epoch)),
            None => drop(self.ends.insert(single.owner.into(), Ends { floor: epoch, by_mark: HashMap::new() })),
        }
        self.announce(name, false);
        self.raise_to(&single.any_entry().into(), Fencing::None, false);
        self.told_or_unknown(name)
    }

    fn told_or_unknown(&self, name: &str) -> Told {
        self.told(name).unwrap_or_else(|| Epoch::UNKNOWN.into())
    }

    /// Takes a fence away and ends nothing.
    pub(super) fn lower(&mut self, name: &Arc<str>, token: u64) {
        if let Some(kept) = self.epochs.get_mut(name) {
            kept.fences.retain(|(known, _)| *known != token);
            self.announce(name, false);
        }
    }

    fn announce(&self, name: &Arc<str>, first: bool) {
        let Some(told) = self.told(name) else { return };
        for table in self.subscribers.iter().filter_map(|(_, table)| table.upgrade()) {
            table.announce(name, told, first);
        }
    }

    /// One that is later than all before it.
    fn new_epoch(&mut self) -> Kept {
        let raised = self.hand.now();
        let now = u64::try_from(raised.since(Moment::START).as_micros()).unwrap_or(u64::MAX);
        self.last = now.max(self.last + 1);
        let epoch = Epoch::confirmed(self.last * Epoch::RANDOM + fastrand::u64(..Epoch::RANDOM));
        Kept { epoch, raised, fences: Vec::new() }
    }

    fn raise_to(&mut self, name: &Arc<str>, fencing: Fencing, first: bool) -> Told {
        let Kept { epoch, raised, .. } = self.new_epoch();
        let own = match fencing {
            Fencing::None => None,
            Fencing::Lower(token) => Some(token),
            Fencing::Raise(fence) => Some(fence.token),
        };
        let known = self.epochs.remove(name).map(|kept| kept.fences).unwrap_or_default();
        let live = known.into_iter().filter(|(token, until)| Some(*token) != own && *until > raised);
        let new = match fencing {
            Fencing::Raise(fence) => Some((fence.token, raised + fence.life)),
            Fencing::None | Fencing::Lower(_) => None,
        };
        let fences = live.chain(new).collect();
        self.epochs.insert(Arc::clone(name), Kept { epoch, raised, fences });
        self.announce(name, first);
        self.told_or_unknown(name)
    }

    pub(super) fn read(&mut self, key: Option<(String, [u8; 32])>, names: &[Arc<str>]) -> Read {
        let found = key.map_or(Found::Nothing, |(key, hash)| self.find(&key, &hash));
        Read { found, epochs: names.iter().map(|name| self.told(name)).collect() }
    }

    fn find(&mut self, key: &str, hash: &[u8; 32]) -> Found {
        let now = self.hand.now();
        match self.values.get(key) {
            None => Found::Nothing,
            Some(value) if value.deadline <= now => {
                self.values.remove(key);
                Found::Nothing
            }
            Some(value) if value.record.hash != *hash => Found::Garbled,
            Some(Value { record, deadline }) => {
                let life = if *deadline == Moment::NEVER { Duration::MAX } else { deadline.since(now) };
                Found::Record(Record { life, ..record.clone() })
            }
        }
    }

    pub(super) fn write(&mut self, key: String, record: Record) {
        let deadline = if record.life == Duration::MAX { Moment::NEVER } else { self.hand.now() + record.life };
        self.values.insert(key, Value { record, deadline });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::epoch::Owner;

    #[test]
    fn an_entry_without_an_end_is_at_the_floor_and_many_ends_raise_that() {
        let mut store = Store::new(Arc::default(), Duration::ZERO);
        let names: Vec<Arc<str>> = (0..=u8::MAX)
            .flat_map(|high| (0..64).map(move |low| (high, low)))
            .map(|(high, low)| {
                let mut hash = [0; 32];
                (hash[0], hash[1]) = (high, low);
                Owner::of(&[1; 32]).entry(&hash).into()
            })
            .collect();
        let (last, ended) = names.split_last().expect("names");
        let floor = store.create(last).epoch;
        assert_eq!(store.create(&names[0]).epoch, floor);
        let first = store.raise(&names[0], Fencing::None).epoch;
        assert!(floor.is_before(first));
        let at = |store: &Store, name: &str| store.told(name).map(|told| told.epoch);
        assert_eq!((at(&store, &names[0]), at(&store, last)), (Some(first), Some(floor)));
        for name in &ended[1..] {
            store.raise(name, Fencing::None);
        }
        let raised = at(&store, last).expect("a floor");
        assert!(first.is_before(raised));
        assert_eq!(at(&store, &names[0]), Some(raised), "the end that was noted went with the old floor");
        assert!(store.ends.values().all(|ends| ends.by_mark.len() <= Single::MOST));
        store.forget();
        assert_eq!(store.told(last), None);
        assert!(raised.is_before(store.create(last).epoch));
    }

    #[test]
    fn epochs_grow_while_the_hand_stands_still_and_beyond_a_loss() {
        let mut store = Store::new(Arc::default(), Duration::ZERO);
        let name = Arc::from("tools");
        let first = store.create(&name).epoch;
        assert_eq!(store.create(&name).epoch, first);
        let second = store.raise(&name, Fencing::None).epoch;
        assert!(first.is_before(second));
        store.forget();
        assert_eq!(store.told(&name), None);
        assert!(second.is_before(store.create(&name).epoch));
    }
}
