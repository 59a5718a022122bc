//! What the stand-in holds: epochs, values and leases, as one server would.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::Hand;
use crate::clock::Moment;
use crate::epoch::{Epoch, Fencing, Table, Told, canonical};
use crate::lease::{Freed, Local, Own};
use crate::remote::{Found, Read, Record, Unchanged};

/// All that a server holds, and who is told of raised epochs.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) hand: Arc<Hand>,
    epochs: HashMap<Arc<str>, Kept>,
    /// How long the sources of those who are told may show what was there before an end.
    settle: Duration,
    values: HashMap<String, Value>,
    pub(super) leases: Local,
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

#[derive(Debug)]
struct Value {
    record: Record,
    deadline: Moment,
}

impl Store {
    pub(super) fn new(hand: Arc<Hand>, settle: Duration) -> Self {
        let (epochs, values, subscribers, waiting) = (HashMap::new(), HashMap::new(), Vec::new(), Vec::new());
        Self { hand, epochs, settle, values, leases: Local::default(), last: 0, subscribers, waiting }
    }

    /// Loses everything.
    pub(super) fn forget(&mut self) {
        self.epochs.clear();
        self.values.clear();
        self.leases.forget();
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
        let Kept { epoch, raised, fences } = self.epochs.get(name)?;
        let settled = if self.settle.is_zero() { Moment::START } else { *raised + self.settle };
        Some(Told { epoch: *epoch, fenced: fences.iter().map(|(_, until)| *until).fold(settled, Moment::max) })
    }

    /// Gives an epoch to a name that has none.
    pub(super) fn create(&mut self, name: &Arc<str>) -> Told {
        self.told(name).unwrap_or_else(|| self.raise_to(name, Fencing::None, true))
    }

    /// Raises an epoch, with a fence that comes or goes, and announces it.
    pub(super) fn raise(&mut self, name: &Arc<str>, fencing: Fencing) -> Told {
        self.raise_to(name, fencing, false)
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

    fn raise_to(&mut self, name: &Arc<str>, fencing: Fencing, first: bool) -> Told {
        let now = u64::try_from(self.hand.now().since(Moment::START).as_micros()).unwrap_or(u64::MAX);
        self.last = now.max(self.last + 1);
        let epoch = Epoch::confirmed(self.last * Epoch::RANDOM + fastrand::u64(..Epoch::RANDOM));
        let raised = self.hand.now();
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
        self.told(name).unwrap_or_else(|| epoch.into())
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

    pub(super) fn write(&mut self, key: String, record: Record, unchanged: &Unchanged) -> bool {
        if self.told(&unchanged.name).map(|told| told.epoch) != Some(unchanged.epoch) {
            return false;
        }
        let deadline = if record.life == Duration::MAX { Moment::NEVER } else { self.hand.now() + record.life };
        self.values.insert(key, Value { record, deadline });
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
