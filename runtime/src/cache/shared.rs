//! What a run asks of the tier that processes share: epochs, a value, and to keep one.

use std::sync::Arc;
use std::time::Duration;

use super::look::{Plan, Run};
use super::{Coherence, Entry, Store};
use crate::clock::Moment;
use crate::epoch::{Cell, Epoch, Fencing, Guard, Stamp, Told, is_entry};
use crate::log;
use crate::remote::{Found, Record, Remote, Unchanged};

impl Run {
    /// Redis, where it is configured and the link is up.
    pub(super) fn remote(&self) -> Option<&Arc<dyn Remote>> {
        self.larder.remote().filter(|remote| remote.generation() % 2 == 1)
    }

    /// Whether announcements of all that was changed until now have arrived, or there is nobody who could announce.
    pub(super) fn is_tracked(&self) -> bool {
        self.larder.now() < self.larder.tracked_until()
    }

    /// Those of `cells` whose epochs Redis should be asked for.
    pub(super) fn unknown(&self, cells: &[Arc<Cell>]) -> Vec<Arc<Cell>> {
        let unknown = |cell: &&Arc<Cell>| !cell.epoch().is_confirmed() && !cell.is_pending();
        cells.iter().filter(unknown).cloned().collect()
    }

    /// Reads the epochs of `cells` (all of them, or the unknown ones), and gives one to each that has none. `false`: some
    /// could not be read.
    pub(super) async fn learn(&self, cells: &[Arc<Cell>], all: bool) -> bool {
        /// An announcement that comes between a request and its reply makes the reply worthless: it is then asked again.
        const ROUNDS: usize = 3;
        let mut asked = if all { cells.to_vec() } else { self.unknown(cells) };
        for _ in 0..ROUNDS {
            if asked.is_empty() {
                return true;
            }
            let Some(remote) = self.remote() else {
                return false;
            };
            let names: Vec<Arc<str>> = asked.iter().map(|cell| Arc::clone(cell.name())).collect();
            let guards: Vec<_> = asked.iter().map(|cell| cell.guard()).collect();
            let Ok(read) = remote.read(None, &names).await else {
                return false;
            };
            if !self.take_over(&asked, guards, read.epochs).await {
                return false;
            }
            asked = self.unknown(&asked);
        }
        asked.is_empty()
    }

    /// Takes over the epochs that were read, and gives one to each name that has none.
    pub(super) async fn take_over(&self, cells: &[Arc<Cell>], guards: Vec<Guard>, epochs: Vec<Option<Told>>) -> bool {
        let (mut missing, mut lost) = (Vec::new(), Vec::new());
        for ((cell, guard), epoch) in cells.iter().zip(guards).zip(epochs) {
            let beyond = match epoch {
                Some(told) => self.larder.table().learn(cell, guard, told),
                None if is_entry(cell) => self.larder.table().learn(cell, guard, Epoch::NEVER_ENDED),
                None => {
                    missing.push(Arc::clone(cell));
                    false
                }
            };
            if beyond {
                lost.push(Arc::clone(cell));
            }
        }
        self.raise_again(lost);
        self.create(&missing).await
    }

    /// Redis lost these ends, and is told of them again.
    fn raise_again(&self, lost: Vec<Arc<Cell>>) {
        if let Some(remote) = self.larder.remote().filter(|_| !lost.is_empty()) {
            drop(remote.end(lost, Fencing::None));
        }
    }

    pub(super) async fn create(&self, cells: &[Arc<Cell>]) -> bool {
        if cells.is_empty() {
            return true;
        }
        let Some(remote) = self.remote() else {
            return false;
        };
        let names: Vec<Arc<str>> = cells.iter().map(|cell| Arc::clone(cell.name())).collect();
        let guards: Vec<_> = cells.iter().map(|cell| cell.guard()).collect();
        let Ok(epochs) = remote.create(&names).await else {
            return false;
        };
        let table = self.larder.table();
        let told = cells.iter().zip(guards).zip(epochs);
        let lost = told.filter(|((cell, guard), told)| table.learn(cell, *guard, *told));
        self.raise_again(lost.map(|((cell, _), _)| Arc::clone(cell)).collect());
        true
    }

    /// Asks Redis for the value, and for the epochs that are not known here, in one round trip.
    pub(super) async fn fetch(&self, cells: &[Arc<Cell>]) -> Option<Arc<Entry>> {
        let tracked = self.is_tracked();
        // What only this process keeps is ended by announcements alone.
        let own = self.core().store == Store::Memory;
        let mut asked: Vec<Arc<Cell>> = if tracked { self.unknown(cells) } else { cells.to_vec() };
        asked.retain(|cell| !own || !is_entry(cell));
        asked.extend(self.unknown(std::slice::from_ref(&self.core().any_entry)));
        if self.core().store == Store::Memory || matches!(self.plan, Plan::Refresh) {
            self.learn(&asked, true).await;
            return None;
        }
        let now = self.larder.now();
        let last_beat = self.larder.tracked_until().before(self.larder.tracking_lease());
        let born = if tracked { last_beat.min(now) } else { now };
        let remote = self.remote()?;
        let (name, hash) = (self.core().redis_key(&self.hash), self.hash);
        let names: Vec<Arc<str>> = asked.iter().map(|cell| Arc::clone(cell.name())).collect();
        let guards: Vec<_> = asked.iter().map(|cell| cell.guard()).collect();
        let read = match remote.read(Some((&name, hash)), &names).await {
            Ok(read) => read,
            Err(refusal) => {
                self.core().counters.errors.up();
                log::warn(&format_args!("{}: {refusal}", self.core().path));
                return None;
            }
        };
        self.take_over(&asked, guards, read.epochs).await;
        match read.found {
            Found::Nothing => None,
            Found::Garbled => self.garbled(),
            Found::Record(record) => self.accept(cells, record, born, tracked).await,
        }
    }

    fn garbled<R>(&self) -> Option<R> {
        self.core().counters.errors.up();
        log::warn(&format_args!("{}: stored bytes could not be read: a miss", self.core().path));
        None
    }

    /// Takes a stored value over, if all that it depends on is at the epochs that it carries.
    async fn accept(&self, cells: &[Arc<Cell>], record: Record, born: Moment, tracked: bool) -> Option<Arc<Entry>> {
        let carried: Vec<(Arc<Cell>, Epoch)> =
            record.stamp.iter().map(|(name, epoch)| (self.larder.table().cell(name), *epoch)).collect();
        let mut carried = carried;
        // A stamp says nothing of entries that were never ended.
        if !carried.iter().any(|(known, _)| Arc::ptr_eq(known, &self.entry)) {
            carried.push((Arc::clone(&self.entry), Epoch::NEVER_ENDED));
        }
        let complete = cells.iter().all(|cell| carried.iter().any(|(known, _)| Arc::ptr_eq(known, cell)));
        if !complete {
            return None;
        }
        let others =
            carried.iter().map(|(cell, _)| cell).filter(|cell| !cells.iter().any(|known| Arc::ptr_eq(known, cell)));
        let others: Vec<Arc<Cell>> = others.cloned().collect();
        let all = !tracked || self.core().coherence == Coherence::Strict;
        if !self.learn(&others, all).await || !self.learn(cells, false).await {
            return None;
        }
        let mut stamp = Stamp::default();
        for (cell, epoch) in &carried {
            stamp.add(cell, *epoch);
        }
        if !stamp.is_current() {
            return None;
        }
        let Some(value) = (self.codec.decode)(&record.payload) else {
            return self.garbled();
        };
        let core = self.core();
        let longest = core.ttl.longest().map(|ttl| ttl.saturating_add(core.stale()));
        let life = longest.map_or(record.life, |longest| record.life.min(longest));
        if life.is_zero() {
            return None;
        }
        let deadline = self.larder.now() + life;
        let renew_at = core.renew_at(deadline, core.ttl.usual());
        Some(Arc::new(Entry { value, stamp, born, deadline, renew_at, stored: true, made: record.made }))
    }

    /// Which link there is: another number after each change.
    pub(super) fn generation(&self) -> u64 {
        self.larder.remote().map_or(0, |remote| remote.generation())
    }

    /// Stores a value for the other processes, unless any entry of the function was ended since `any_entry`, taken before
    /// the body ran. Redis may have lost the one epoch that says which: a value that arrives after its own end would be
    /// taken for one that was never ended.
    pub(super) async fn write_through(&self, entry: &Entry, any_entry: Epoch) {
        let core = self.core();
        let told_by_redis = any_entry.is_confirmed() && entry.stamp.is_confirmed();
        if core.store == Store::Memory || !told_by_redis || !entry.stamp.is_current() {
            return;
        }
        let Some(remote) = self.remote() else { return };
        let Some(payload) = (self.codec.encode)(&*entry.value) else { return };
        let (name, hash) = (core.redis_key(&self.hash), self.hash);
        let parts = entry.stamp.parts().iter().filter(|(_, epoch)| *epoch != Epoch::NEVER_ENDED);
        let stamp = parts.map(|(cell, epoch)| (Arc::clone(cell.name()), *epoch)).collect();
        let endless = entry.deadline == Moment::NEVER;
        let life = if endless { Duration::MAX } else { entry.deadline.since(self.larder.now()) };
        let unchanged = Unchanged { name: Arc::clone(core.any_entry.name()), epoch: any_entry };
        match remote.write(name, Record { hash, stamp, life, made: entry.made, payload }, unchanged).await {
            Ok(true) => {}
            // Another epoch, or none any more: Redis may have lost it, and nothing would be stored until it has one again.
            Ok(false) => drop(self.learn(std::slice::from_ref(&core.any_entry), true).await),
            Err(refusal) => {
                core.counters.errors.up();
                log::warn(&format_args!("{}: not stored for other processes: {refusal}", core.path));
            }
        }
    }
}
