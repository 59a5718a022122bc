//! What a run asks of the tier that processes share: epochs, a value, and to keep one.

use std::sync::Arc;
use std::time::Duration;

use super::look::{Plan, Run};
use super::{Coherence, Entry, Store};
use crate::clock::Moment;
use crate::epoch::{Cell, Epoch, Fencing, Guard, Stamp, Told};
use crate::log;
use crate::remote::{Found, Record, Remote};

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

    /// Asks Redis for the value, for the epochs that are not known here, and for that of the entry, in one round trip.
    pub(super) async fn fetch(&self, cells: &[Arc<Cell>]) -> Option<Arc<Entry>> {
        let tracked = self.is_tracked();
        let mut asked: Vec<Arc<Cell>> = if tracked { self.unknown(cells) } else { cells.to_vec() };
        asked.retain(|cell| !Arc::ptr_eq(cell, &self.entry));
        // What only this process keeps is ended by announcements alone. For all else: where Redis lost the ends of a
        // function, it announces to nobody at which epoch its entries are since.
        if self.core().store != Store::Memory {
            asked.push(Arc::clone(&self.entry));
        }
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
        let stamp = record.stamp.iter().map(|(name, epoch)| (self.larder.table().cell(name), *epoch));
        let carried: Vec<(Arc<Cell>, Epoch)> = stamp.chain([(Arc::clone(&self.entry), record.entry)]).collect();
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
        let longest = core.ttl.longest().map(|ttl| ttl.saturating_add(core.tail()));
        let life = longest.map_or(record.life, |longest| record.life.min(longest));
        if life.is_zero() {
            return None;
        }
        let deadline = self.larder.now() + life;
        let (served_until, renew_at) = core.served(deadline, core.ttl.usual());
        Some(Arc::new(Entry { value, stamp, born, deadline, served_until, renew_at, stored: true, made: record.made }))
    }

    /// Which link there is: another number after each change.
    pub(super) fn generation(&self) -> u64 {
        self.larder.remote().map_or(0, |remote| remote.generation())
    }

    /// Stores a value for the other processes.
    pub(super) async fn write_through(&self, entry: &Entry) {
        let core = self.core();
        if core.store == Store::Memory || !entry.stamp.is_confirmed() || !entry.stamp.is_current() {
            return;
        }
        let Some(remote) = self.remote() else { return };
        let is_own = |cell: &Arc<Cell>| Arc::ptr_eq(cell, &self.entry);
        let Some((_, own)) = entry.stamp.parts().iter().find(|(cell, _)| is_own(cell)) else { return };
        let Some(payload) = (self.codec.encode)(&*entry.value) else { return };
        let (name, hash) = (core.redis_key(&self.hash), self.hash);
        let others = entry.stamp.parts().iter().filter(|(cell, _)| !is_own(cell));
        let stamp = others.map(|(cell, epoch)| (Arc::clone(cell.name()), *epoch)).collect();
        let endless = entry.deadline == Moment::NEVER;
        let life = if endless { Duration::MAX } else { entry.deadline.since(self.larder.now()) };
        if let Err(refusal) =
            remote.write(name, Record { hash, entry: *own, stamp, life, made: entry.made, payload }).await
        {
            core.counters.errors.up();
            log::warn(&format_args!("{}: not stored for other processes: {refusal}", core.path));
        }
    }
}
