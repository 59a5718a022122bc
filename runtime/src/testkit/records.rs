//! The records of the stand-in: the contract of Redis, kept as values.

use std::collections::HashMap;
use std::time::Duration;

use super::link::{Tier, Way};
use super::store::Store;
use crate::clock::Moment;
use crate::record::{Digest, Drawer, Filed, Filled, Saved, Shelf, Stored};
use crate::remote::Reply;

/// All records, by their type and their own hash.
#[derive(Debug, Default)]
pub(super) struct Records {
    kept: HashMap<(Drawer, Digest), (Filed, Moment)>,
}

impl Records {
    fn save(&mut self, filed: Filed, now: Moment) -> Saved {
        self.kept.retain(|_, (_, over)| *over > now);
        let place = (filed.drawer, filed.own);
        if let Some((there, _)) = self.kept.get(&place)
            && there.shape != filed.shape
            && !filed.former.contains(&there.shape)
        {
            return Saved::Foreign;
        }
        let others = || self.kept.iter().filter(|(other, _)| other.0 == place.0 && **other != place);
        for entry in filed.indexes.iter().filter(|entry| entry.unique) {
            if others().any(|(_, (other, _))| is_in(other, entry.filled)) {
                return Saved::Taken { field: entry.filled.field.to_owned() };
            }
        }
        let over = filed.life.map_or(Moment::NEVER, |life| now + life);
        self.kept.insert(place, (filed, over));
        Saved::Stored
    }

    fn load(&self, place: (Drawer, Digest), now: Moment) -> Option<Stored> {
        self.live(place, now).map(|(filed, _)| stored(filed))
    }

    fn find(&self, drawer: Drawer, filled: Filled, now: Moment) -> Vec<Stored> {
        let live = self.kept.iter().filter(|(place, (_, over))| place.0 == drawer && *over > now);
        live.filter(|(_, (filed, _))| is_in(filed, filled)).map(|(_, (filed, _))| stored(filed)).collect()
    }

    fn delete(&mut self, place: (Drawer, Digest), now: Moment) -> bool {
        self.kept.remove(&place).is_some_and(|(_, over)| over > now)
    }

    fn life(&self, place: (Drawer, Digest), now: Moment) -> Option<Duration> {
        let (_, over) = self.live(place, now)?;
        Some(if *over == Moment::NEVER { Duration::MAX } else { over.since(now) })
    }

    fn live(&self, place: (Drawer, Digest), now: Moment) -> Option<&(Filed, Moment)> {
        self.kept.get(&place).filter(|(_, over)| *over > now)
    }
}

fn is_in(filed: &Filed, filled: Filled) -> bool {
    filed.indexes.iter().any(|entry| entry.filled == filled)
}

fn stored(filed: &Filed) -> Stored {
    Stored { shape: filed.shape.clone(), payload: Some(filed.payload.clone()) }
}

impl Shelf for Tier {
    fn save(&self, filed: Filed) -> Reply<'static, Saved> {
        let save = move |store: &mut Store| store.records.save(filed, store.hand.now());
        self.begin(self.link().exchange(Way::Write, save))
    }

    fn load(&self, drawer: Drawer, own: Digest) -> Reply<'static, Option<Stored>> {
        let load = move |store: &mut Store| store.records.load((drawer, own), store.hand.now());
        self.begin(self.link().exchange(Way::Read, load))
    }

    fn find(&self, drawer: Drawer, filled: Filled) -> Reply<'static, Vec<Stored>> {
        let find = move |store: &mut Store| store.records.find(drawer, filled, store.hand.now());
        self.begin(self.link().exchange(Way::Read, find))
    }

    fn delete(&self, drawer: Drawer, own: Digest) -> Reply<'static, bool> {
        let delete = move |store: &mut Store| store.records.delete((drawer, own), store.hand.now());
        self.begin(self.link().exchange(Way::Write, delete))
    }

    fn life(&self, drawer: Drawer, own: Digest) -> Reply<'static, Option<Duration>> {
        let life = move |store: &mut Store| store.records.life((drawer, own), store.hand.now());
        self.begin(self.link().exchange(Way::Read, life))
    }
}
