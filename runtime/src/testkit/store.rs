//! What the stand-in holds: epochs, values and leases, as one server would.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use super::Hand;
use crate::clock::Moment;
use crate::epoch::{Epoch, Table};
use crate::lease::Local;
use crate::remote::{Found, Read, Record, Unchanged};

/// All that a server holds, and who is told of raised epochs.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) hand: Arc<Hand>,
    epochs: HashMap<Arc<str>, Epoch>,
    values: HashMap<String, Value>,
    pub(super) leases: Local,
    /// The server's time at the last epoch, in microseconds: it does not stand still while the hand does.
    last: u64,
    subscribers: Vec<(u64, Weak<Table>)>,
}

#[derive(Debug)]
struct Value {
    record: Record,
    deadline: Moment,
}

/// The random digits below an epoch's microseconds.
const RANDOM: u64 = 1 << 12;

impl Store {
    pub(super) fn new(hand: Arc<Hand>) -> Self {
        let (epochs, values, subscribers) = (HashMap::new(), HashMap::new(), Vec::new());
        Self { hand, epochs, values, leases: Local::default(), last: 0, subscribers }
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
    }

    pub(super) fn epoch(&self, name: &str) -> Option<Epoch> {
        self.epochs.get(name).copied()
    }

    /// Raises an epoch and announces it; with `keep`, only where there is none.
    pub(super) fn raise(&mut self, name: &Arc<str>, keep: bool) -> Epoch {
        let known = self.epoch(name);
        if let Some(known) = known.filter(|_| keep) {
            return known;
        }
        let now = u64::try_from(self.hand.now().since(Moment::START).as_micros()).unwrap_or(u64::MAX);
        self.last = now.max(self.last + 1);
        let epoch = Epoch::confirmed(self.last * RANDOM + fastrand::u64(..RANDOM));
        self.epochs.insert(Arc::clone(name), epoch);
        for table in self.subscribers.iter().filter_map(|(_, table)| table.upgrade()) {
            table.announce(name, epoch, keep);
        }
        epoch
    }

    pub(super) fn read(&mut self, key: Option<(String, [u8; 32])>, names: &[Arc<str>]) -> Read {
        let found = key.map_or(Found::Nothing, |(key, hash)| self.find(&key, &hash));
        Read { found, epochs: names.iter().map(|name| self.epoch(name)).collect() }
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
        if self.epoch(&unchanged.name) != Some(unchanged.epoch) {
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
        let mut store = Store::new(Arc::default());
        let name = Arc::from("tools");
        let first = store.raise(&name, true);
        assert_eq!(store.raise(&name, true), first);
        let second = store.raise(&name, false);
        assert!(first.is_before(second));
        store.forget();
        assert_eq!(store.epoch(&name), None);
        assert!(second.is_before(store.raise(&name, true)));
    }
}
