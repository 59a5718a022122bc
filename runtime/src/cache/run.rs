//! The way of one cached call: look up, judge, join the flight, read Redis, run the body, store.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::function::Ttl;
use super::revisions::Revision as RevisionMap;
use super::{Coherence, Departure, Entry, Frame, Function, Joined, Kind, Node, Site, Store, Verdict, slots};
use crate::ambient::{Ambient, Mode};
use crate::call::{Job, Revision};
use crate::clock::Moment;
use crate::epoch::{Cell, Epoch, Guard, Stamp};
use crate::instance::Larder;
use crate::key::Key;
use crate::log;
use crate::remote::{Caller, Found, Record, Remote};
use crate::value::{Shape, Storable, Tier};

/// A call as it arrives.
#[derive(Debug)]
pub(crate) struct Request {
    site: &'static Site,
    key: Key,
    revision: Revision,
    wanted: bool,
}

impl Request {
    #[inline]
    pub(crate) fn new(site: &'static Site, key: Key, revision: Revision, when: bool) -> Self {
        let wanted = when && key.is_usable();
        Self { site, key, revision, wanted }
    }
}

/// What memory says to a call.
pub(crate) enum Look<V> {
    /// Here it is.
    Hit(V),
    /// It must be run, or at least asked for.
    Miss(Run<V>),
}

/// A call that memory could not answer.
pub(crate) struct Run<V> {
    larder: Larder,
    ambient: Ambient,
    function: Arc<Function<V>>,
    /// Where a revision cache stores: captured before anything is computed.
    captured: Option<Arc<RevisionMap<V>>>,
    key: Box<[u8]>,
    revision: Revision,
    plan: Plan<V>,
}

/// What is left to do.
enum Plan<V> {
    /// Run the body; read and store nothing.
    Uncached,
    /// Join, read, run, store.
    Cached,
    /// Serve this if its epochs are still the present ones.
    Confirm(Arc<Entry<V>>),
    /// Run the body and store.
    Refresh,
}

/// Looks into memory.
#[inline]
pub(crate) fn look<V: Storable>(request: Request, instantiation: &'static str) -> Look<V> {
    match Ambient::current() {
        None => look_in(Larder::installed(), None, request, instantiation),
        Some(ambient) => {
            let larder = ambient.larder.as_ref().unwrap_or_else(|| Larder::installed());
            look_in(larder, Some(&ambient), request, instantiation)
        }
    }
}

#[inline]
fn look_in<V: Storable>(
    larder: &Larder,
    ambient: Option<&Arc<Ambient>>,
    request: Request,
    instantiation: &'static str,
) -> Look<V> {
    let mode = ambient.map_or(Mode::Normal, |ambient| ambient.mode);
    let plan = slots::with::<V, _>(larder, request.site, instantiation, |function| {
        let core = &function.core;
        if !request.wanted || !core.enabled || mode == Mode::Bypass {
            return Err(Plan::Uncached);
        }
        if mode == Mode::Refresh {
            return Err(Plan::Refresh);
        }
        let judged = |entry: &Arc<Entry<V>>| {
            let now =
                if core.ttl == Ttl::Endless && entry.deadline == Moment::NEVER { Moment::START } else { larder.now() };
            match entry.judge(core.coherence, now, larder.tracked_until(), larder.tracking_lease()) {
                Verdict::Fresh => {
                    core.counters.hits_memory.up();
                    if let Some(frame) = ambient.and_then(|ambient| ambient.frame.as_ref()) {
                        frame.depends(&entry.stamp, entry.deadline);
                    }
                    Ok(entry.value.clone())
                }
                Verdict::Unconfirmed => Err(Plan::Confirm(Arc::clone(entry))),
                Verdict::Gone => Err(Plan::Cached),
            }
        };
        let found = match (request.site.kind(), core.store) {
            (Kind::Revision, _) => function
                .revisions
                .peek(request.revision.as_bytes(), |map| map.get(request.key.as_bytes(), judged))
                .flatten(),
            (Kind::Ttl, Store::Redis) => None,
            (Kind::Ttl, _) => function.memory.get(request.key.as_bytes()).map(|entry| judged(&entry)),
        };
        found.unwrap_or(Err(Plan::Cached))
    });
    match plan {
        Ok(value) => Look::Hit(value),
        Err(plan) => Look::Miss(prepare(larder, ambient, request, instantiation, plan)),
    }
}

#[cold]
fn prepare<V: Storable>(
    larder: &Larder,
    ambient: Option<&Arc<Ambient>>,
    request: Request,
    instantiation: &'static str,
    plan: Plan<V>,
) -> Run<V> {
    let function = larder.function::<V>(request.site, instantiation);
    let captured =
        (request.site.kind() == Kind::Revision).then(|| function.revisions.capture(request.revision.as_bytes()));
    let ambient = ambient.map(|ambient| Ambient::clone(ambient)).unwrap_or_default();
    let key = request.key.as_bytes().into();
    Run { larder: larder.clone(), ambient, function, captured, key, revision: request.revision, plan }
}

impl<V: Storable> Run<V> {
    /// What memory holds for this call.
    fn remembered(&self) -> Option<Arc<Entry<V>>> {
        match &self.captured {
            Some(map) => map.get(&self.key, Arc::clone),
            None if self.function.core.store == Store::Redis => None,
            None => self.function.memory.get(&*self.key),
        }
    }

    fn remember(&self, entry: &Arc<Entry<V>>) {
        match &self.captured {
            Some(map) => map.insert(&self.key, Arc::clone(entry)),
            None if self.function.core.store == Store::Redis => {}
            None => self.function.memory.insert(self.key.clone(), Arc::clone(entry)),
        }
    }

    fn judge(&self, entry: &Entry<V>) -> Verdict {
        let larder = &self.larder;
        entry.judge(self.function.core.coherence, larder.now(), larder.tracked_until(), larder.tracking_lease())
    }

    /// Tells the body that made this call what it depends on now.
    fn report(&self, entry: &Entry<V>) {
        if let Some(frame) = &self.ambient.frame {
            frame.depends(&entry.stamp, entry.deadline);
            if !entry.stored {
                frame.depends_on_unstored();
            }
        }
    }

    fn report_unstored(&self) {
        if let Some(frame) = &self.ambient.frame {
            frame.depends_on_unstored();
        }
    }

    /// What is inside a body: this instance, and a frame where its dependencies are gathered.
    fn inside(&self, frame: Option<Arc<Frame>>) -> Ambient {
        Ambient { larder: Some(self.larder.clone()), frame, ..self.ambient.clone() }
    }

    /// Redis, where it is configured and the link is up.
    fn remote(&self) -> Option<&Arc<dyn Remote>> {
        self.larder.remote().filter(|remote| remote.generation() % 2 == 1)
    }

    /// Whether announcements of all that was changed until now have arrived, or there is nobody who could announce.
    fn is_tracked(&self) -> bool {
        self.larder.now() < self.larder.tracked_until()
    }

    /// Those of `cells` whose epochs Redis should be asked for.
    fn unknown(&self, cells: &[Arc<Cell>]) -> Vec<Arc<Cell>> {
        let unknown = |cell: &&Arc<Cell>| !cell.epoch().is_confirmed() && !cell.is_pending();
        cells.iter().filter(unknown).cloned().collect()
    }

    /// Reads the epochs of `cells` (all of them, or the unknown ones), and gives one to each that has none. `false`: some
    /// could not be read.
    async fn learn(&self, cells: &[Arc<Cell>], all: bool, caller: Caller) -> bool {
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
            let Ok(read) = remote.read(None, &names, caller).await else {
                return false;
            };
            if !self.take_over(&asked, guards, read.epochs, caller).await {
                return false;
            }
            asked = self.unknown(&asked);
        }
        asked.is_empty()
    }

    /// Takes over the epochs that were read, and gives one to each name that has none.
    async fn take_over(
        &self,
        cells: &[Arc<Cell>],
        guards: Vec<Guard>,
        epochs: Vec<Option<Epoch>>,
        caller: Caller,
    ) -> bool {
        let mut missing = Vec::new();
        for ((cell, guard), epoch) in cells.iter().zip(guards).zip(epochs) {
            match epoch {
                Some(epoch) => self.larder.table().learn(cell, guard, epoch),
                None => missing.push(Arc::clone(cell)),
            }
        }
        self.create(&missing, caller).await
    }

    async fn create(&self, cells: &[Arc<Cell>], caller: Caller) -> bool {
        if cells.is_empty() {
            return true;
        }
        let Some(remote) = self.remote() else {
            return false;
        };
        let names: Vec<Arc<str>> = cells.iter().map(|cell| Arc::clone(cell.name())).collect();
        let guards: Vec<_> = cells.iter().map(|cell| cell.guard()).collect();
        let Ok(epochs) = remote.create(&names, caller).await else {
            return false;
        };
        for ((cell, guard), epoch) in cells.iter().zip(guards).zip(epochs) {
            self.larder.table().learn(cell, guard, epoch);
        }
        true
    }

    /// The present epochs: the stamp of a computation that begins now.
    fn stamp(&self, cells: &[Arc<Cell>]) -> Stamp {
        let mut stamp = Stamp::default();
        for cell in cells {
            stamp.add(cell, cell.epoch_or(|| self.larder.table().provisional()));
        }
        stamp
    }

    /// Asks Redis for the value, and for the epochs that are not known here, in one round trip.
    async fn fetch<T: Tier<V>>(&self, cells: &[Arc<Cell>], caller: Caller) -> Option<Arc<Entry<V>>> {
        let tracked = self.is_tracked();
        let asked = if tracked { self.unknown(cells) } else { cells.to_vec() };
        if self.function.core.store == Store::Memory || matches!(self.plan, Plan::Refresh) {
            self.learn(&asked, true, caller).await;
            return None;
        }
        let now = self.larder.now();
        let last_beat = self.larder.tracked_until().before(self.larder.tracking_lease());
        let born = if tracked { last_beat.min(now) } else { now };
        let remote = self.remote()?;
        let (name, hash) = self.function.core.redis_key(self.revision.as_bytes(), &self.key);
        let names: Vec<Arc<str>> = asked.iter().map(|cell| Arc::clone(cell.name())).collect();
        let guards: Vec<_> = asked.iter().map(|cell| cell.guard()).collect();
        let read = match remote.read(Some((&name, hash)), &names, caller).await {
            Ok(read) => read,
            Err(refusal) => {
                self.function.core.counters.errors.up();
                log::warn(&format_args!("{}: {refusal}", self.function.core.path));
                return None;
            }
        };
        self.take_over(&asked, guards, read.epochs, caller).await;
        match read.found {
            Found::Nothing => None,
            Found::Garbled => self.garbled(),
            Found::Record(record) => self.accept::<T>(cells, record, born, tracked, caller).await,
        }
    }

    fn garbled<R>(&self) -> Option<R> {
        self.function.core.counters.errors.up();
        log::warn(&format_args!("{}: stored bytes could not be read: a miss", self.function.core.path));
        None
    }

    /// Takes a stored value over, if all that it depends on is at the epochs that it carries.
    async fn accept<T: Tier<V>>(
        &self,
        cells: &[Arc<Cell>],
        record: Record,
        born: Moment,
        tracked: bool,
        caller: Caller,
    ) -> Option<Arc<Entry<V>>> {
        let carried: Vec<(Arc<Cell>, Epoch)> =
            record.stamp.iter().map(|(name, epoch)| (self.larder.table().cell(name), *epoch)).collect();
        let complete = cells.iter().all(|cell| carried.iter().any(|(known, _)| Arc::ptr_eq(known, cell)));
        if !complete {
            return None;
        }
        let others =
            carried.iter().map(|(cell, _)| cell).filter(|cell| !cells.iter().any(|known| Arc::ptr_eq(known, cell)));
        let others: Vec<Arc<Cell>> = others.cloned().collect();
        if !self.learn(&others, !tracked, caller).await || !self.learn(cells, false, caller).await {
            return None;
        }
        let mut stamp = Stamp::default();
        for (cell, epoch) in &carried {
            stamp.add(cell, *epoch);
        }
        if !stamp.is_current() {
            return None;
        }
        let Some(value) = T::decode(&record.payload) else {
            return self.garbled();
        };
        let deadline = match self.function.core.ttl {
            Ttl::Endless if record.life == Duration::MAX => Moment::NEVER,
            _ => self.larder.now() + record.life,
        };
        Some(Arc::new(Entry { value, stamp, born, deadline, stored: true }))
    }
}

/// Waiting this often for flights that came to nothing is enough: the call then runs alone.
const ATTEMPTS: usize = 3;

/// Answers a call that memory could not.
pub(crate) async fn compute<S, T, P, B>(
    run: Run<S::Value>,
    store_if: P,
    job: Job<S::Value, B>,
    caller: Caller,
) -> S::Return
where
    S: Shape,
    S::Value: Storable,
    T: Tier<S::Value>,
    P: FnOnce(&S::Value) -> bool,
    B: Future<Output = S::Return>,
{
    let function = Arc::clone(&run.function);
    let core = &function.core;
    if matches!(run.plan, Plan::Uncached) {
        run.report_unstored();
        return run.inside(None).scope(job.body).await;
    }
    let table = Arc::clone(run.larder.table());
    let mut cells = core.cells.clone();
    cells.extend(job.names.iter().map(|name| table.named(name)));

    if let Plan::Confirm(entry) = &run.plan {
        let entry = Arc::clone(entry);
        let parts: Vec<Arc<Cell>> = entry.stamp.parts().iter().map(|(cell, _)| Arc::clone(cell)).collect();
        let alive = run.learn(&parts, true, caller).await && run.remote().is_some();
        if alive && entry.stamp.is_current() && run.larder.now() < entry.deadline {
            core.counters.hits_memory.up();
            run.report(&entry);
            return S::restore(entry.value.clone());
        }
    }
    if core.coherence == Coherence::Strict {
        run.learn(&cells, true, caller).await;
    }

    let refresh = matches!(run.plan, Plan::Refresh);
    let mut pilot = None;
    let mut began = table.counter();
    if core.single_flight {
        for _ in 0..ATTEMPTS {
            began = table.counter();
            let plan = Departure { began, at: run.larder.now(), cells: &cells, fresh: refresh };
            let oldest = if core.coherence == Coherence::Ttl || run.is_tracked() {
                Moment::START
            } else {
                plan.at.before(run.larder.tracking_lease())
            };
            match function.flights.join(&flight_key(&run), plan, oldest, run.ambient.frame.as_ref()) {
                Joined::Alone => break,
                Joined::Lead(leading) => {
                    pilot = Some(leading);
                    break;
                }
                Joined::Wait(waiting) => {
                    let landed = waiting.flight.landed().await;
                    drop(waiting);
                    if let Some(entry) = landed {
                        core.counters.joins.up();
                        run.report(&entry);
                        return S::restore(entry.value.clone());
                    }
                }
            }
        }
    }

    if pilot.is_some() && !refresh && core.coherence != Coherence::Strict {
        if let Some(entry) = run.remembered().filter(|entry| run.judge(entry) == Verdict::Fresh) {
            core.counters.hits_memory.up();
            run.report(&entry);
            let value = entry.value.clone();
            if let Some(pilot) = pilot {
                pilot.land(entry);
            }
            return S::restore(value);
        }
    }

    let generation = run.larder.remote().map_or(0, |remote| remote.generation());
    if run.remote().is_some() {
        if let Some(entry) = run.fetch::<T>(&cells, caller).await {
            core.counters.hits_redis.up();
            run.remember(&entry);
            run.report(&entry);
            let value = entry.value.clone();
            if let Some(pilot) = pilot {
                pilot.land(entry);
            }
            return S::restore(value);
        }
    }

    let born = run.larder.now();
    let mut stamp = run.stamp(&cells);
    core.counters.misses.up();
    log::miss(&core.path);
    let node = pilot.as_ref().map_or_else(Arc::<Node>::default, |pilot| Arc::clone(pilot.node()));
    let frame = Frame::new(run.ambient.frame.clone(), node);
    let Job { late, ttl, body, .. } = job;
    let returned = run.inside(Some(Arc::clone(&frame))).scope(body).await;

    let Some(value) = S::value(&returned) else {
        core.counters.errors.up();
        run.report_unstored();
        return returned;
    };
    let gathered = frame.take();
    stamp.merge(&gathered.stamp);
    let mut named = gathered.late;
    named.extend(late.into_iter().map(|name| table.named(&name(value))));
    run.learn(&named, false, Caller::InOrder).await;
    let unbroken = run.larder.remote().map_or(0, |remote| remote.generation()) == generation;
    let untouched = named.iter().all(|cell| cell.changed() <= began) && (unbroken || named.is_empty());
    for cell in &named {
        stamp.add(cell, cell.epoch_or(|| table.provisional()));
    }

    let life = life(core.ttl, ttl, core.jitter);
    let now = run.larder.now();
    let deadline = life.map_or(Moment::NEVER, |life| now + life).min(gathered.deadline);
    let stored = now < deadline && untouched && !gathered.unstored && store_if(value);
    let entry = Arc::new(Entry { value: value.clone(), stamp, born, deadline, stored });
    if stored {
        run.remember(&entry);
        core.counters.stores.up();
    }
    run.report(&entry);
    if let Some(pilot) = pilot {
        pilot.land(Arc::clone(&entry));
    }
    if stored {
        write_through::<S::Value, T>(&run, &entry, now, caller).await;
    }
    returned
}

/// Stores a value for the other processes.
async fn write_through<V: Storable, T: Tier<V>>(run: &Run<V>, entry: &Entry<V>, now: Moment, caller: Caller) {
    let core = &run.function.core;
    if core.store == Store::Memory || !entry.stamp.is_confirmed() || !entry.stamp.is_current() {
        return;
    }
    let Some(remote) = run.remote() else { return };
    let Some(payload) = T::encode(&entry.value) else {
        return;
    };
    let (name, hash) = core.redis_key(run.revision.as_bytes(), &run.key);
    let stamp = entry.stamp.parts().iter().map(|(cell, epoch)| (Arc::clone(cell.name()), *epoch)).collect();
    let life = if entry.deadline == Moment::NEVER { Duration::MAX } else { entry.deadline.since(now) };
    if let Err(refusal) = remote.write(name, Record { hash, stamp, life, payload }, caller).await {
        core.counters.errors.up();
        log::warn(&format_args!("{}: not stored for other processes: {refusal}", core.path));
    }
}

/// Calls of two revisions never share a flight.
fn flight_key<V>(run: &Run<V>) -> Box<[u8]> {
    let revision = run.revision.as_bytes();
    if revision.is_empty() {
        return run.key.clone();
    }
    let mut key = Vec::with_capacity(revision.len() + run.key.len() + 8);
    key.extend_from_slice(&(revision.len() as u64).to_le_bytes());
    key.extend_from_slice(revision);
    key.extend_from_slice(&run.key);
    key.into()
}

/// How long a value lives; `None` for one that does not age. Shortened at random by up to `jitter`, so that values
/// stored together do not end together.
fn life(policy: Ttl, call: Option<Duration>, jitter: f64) -> Option<Duration> {
    let ttl = match policy {
        Ttl::Endless => return None,
        Ttl::Fixed(ttl) => ttl,
        Ttl::Otherwise(ttl) => call.unwrap_or(ttl),
    };
    Some(ttl.mul_f64(1.0 - jitter.clamp(0.0, 1.0) * fastrand::f64()))
}

/// A future that runs a closure when it is polled.
pub(crate) struct Ready<B, R>(Option<B>, PhantomData<fn() -> R>);

impl<B: FnOnce() -> R, R> Ready<B, R> {
    pub(crate) const fn new(body: B) -> Self {
        Self(Some(body), PhantomData)
    }
}

impl<B, R> Unpin for Ready<B, R> {}

impl<B: FnOnce() -> R, R> Future for Ready<B, R> {
    type Output = R;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<R> {
        self.0.take().map_or(Poll::Pending, |body| Poll::Ready(body()))
    }
}
