//! One instance's link to the stand-in: watched by the moved clock, behind the breaker, as the link to Redis is.
//!
//! Invariants:
//! 1. The link is examined while the server's lock is held: no request comes between the steps of bringing it up.
//! 2. Announcements are made under the same lock: every answer comes behind all of them.

use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::Hand;
use super::server::{Mood, Sent, Server};
use super::store::Store;
use crate::clock::{Clock, Moment};
use crate::epoch::{Cell, EVERYTHING, Fencing, Table, Told};
use crate::instance::{Parts, Settings};
use crate::lease::Freed;
use crate::log;
use crate::reactor::Reactor;
use crate::record::Shelf;
use crate::redis_tier::{Breaker, Pending};
use crate::remote::{Read, Record, Refusal, Remote, Reply};
use crate::stats::RedisStats;

/// What the stand-in is to one instance.
#[derive(Debug)]
pub(super) struct Link {
    id: u64,
    server: Arc<Server>,
    table: Arc<Table>,
    clock: Clock,
    reads: Breaker,
    writes: Breaker,
    pending: Pending,
    operation_timeout: Duration,
    heartbeat: Duration,
    lease: Duration,
    tracked_until: Arc<AtomicU64>,
    /// Odd while the link is up.
    generation: AtomicU64,
    connects: AtomicU64,
    failures: AtomicU64,
    /// When the next heartbeat is due, in nanoseconds of the moved clock.
    next_beat: AtomicU64,
    /// Who waits for a lease.
    pub(super) freed: Arc<Freed>,
}

/// The stand-in, seen from one instance.
#[derive(Debug)]
pub(super) struct Tier {
    link: Arc<Link>,
    reactor: Reactor,
}

/// What a request needs of the server.
#[derive(Clone, Copy, Debug)]
pub(super) enum Way {
    Read,
    Write,
}

/// A link that misses this many heartbeats in a row is dead.
const MISSES: u32 = 2;

/// The parts of an instance whose Redis is `server`.
pub(super) fn connect(server: &Arc<Server>, hand: &Arc<Hand>, settings: &Settings) -> Parts {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let (clock, tracked_until) = (Clock::moved_by(Arc::clone(hand)), Arc::new(AtomicU64::new(0)));
    let table = Arc::new(Table::with(true, clock.clone(), settings.settle));
    let link = Arc::new(Link {
        id: NEXT.fetch_add(1, Ordering::Relaxed),
        server: Arc::clone(server),
        table: Arc::clone(&table),
        clock: clock.clone(),
        reads: Breaker::new(settings.breaker_open),
        writes: Breaker::new(settings.breaker_open),
        pending: Pending::default(),
        operation_timeout: settings.operation_timeout,
        heartbeat: settings.heartbeat,
        lease: settings.lease,
        tracked_until: Arc::clone(&tracked_until),
        generation: AtomicU64::new(0),
        connects: AtomicU64::new(0),
        failures: AtomicU64::new(0),
        next_beat: AtomicU64::new(0),
        freed: Arc::default(),
    });
    server.connect(&link);
    let reactor = Reactor::default();
    let remote: Arc<dyn Remote> = Arc::new(Tier { link, reactor: reactor.clone() });
    Parts { clock, reactor, table, tracked_until, remote: Some(remote) }
}

impl Link {
    fn is_up(&self) -> bool {
        self.generation.load(Ordering::Acquire) % 2 == 1
    }

    const fn breaker(&self, way: Way) -> &Breaker {
        match way {
            Way::Read => &self.reads,
            Way::Write => &self.writes,
        }
    }

    /// Does what is due by now: a heartbeat, the end of a link whose heartbeats were refused, a new link.
    pub(super) fn examine(&self, mood: Mood, store: &mut Store, at_once: bool) {
        let now = self.clock.coarse();
        match mood {
            Mood::Failing { since } => {
                if self.is_up() && now >= since + self.heartbeat * MISSES {
                    log::warn(&format_args!("the link to Redis is down: functions answer by this process alone"));
                    self.table.unlink();
                    self.generation.fetch_add(1, Ordering::AcqRel);
                    store.unsubscribe(self.id);
                    self.freed.wake_all();
                }
            }
            Mood::Well if !self.is_up() => self.bring_up(store, now),
            Mood::Well | Mood::Hanging => {
                let due = at_once || now.as_nanos() >= self.next_beat.load(Ordering::Acquire);
                if self.is_up() && due {
                    self.beat(store, now);
                    if mood == Mood::Well {
                        self.deliver(store);
                    }
                }
            }
        }
    }

    fn bring_up(&self, store: &mut Store, now: Moment) {
        store.subscribe(self.id, &self.table);
        store.listen(self.id, &self.freed);
        self.beat(store, now);
        self.table.end_unseen();
        self.deliver(store);
        for cell in self.table.all_again() {
            let guard = cell.distrust();
            if self.table.learn_again(&cell, guard, store.told(cell.name())) {
                self.pending.add(&cell);
            }
        }
        self.deliver(store);
        self.reads.reset();
        self.writes.reset();
        self.connects.fetch_add(1, Ordering::Relaxed);
        self.generation.fetch_add(1, Ordering::AcqRel);
        // What was let go meanwhile was not heard.
        self.freed.wake_all();
    }

    fn beat(&self, store: &Store, now: Moment) {
        let everything = self.table.cell(EVERYTHING);
        if everything.epoch().is_confirmed()
            && store.told(EVERYTHING).map(|told| told.epoch) != Some(everything.epoch())
        {
            self.table.forget_all();
        }
        self.next_beat.store((now + self.heartbeat).as_nanos(), Ordering::Release);
        self.tracked_until.fetch_max((now + self.lease).as_nanos(), Ordering::AcqRel);
    }

    fn deliver(&self, store: &mut Store) {
        for owed in self.pending.take() {
            let epoch = store.raise(owed.cell.name(), Fencing::None);
            self.table.confirm_end(&owed.cell, owed.ends, epoch);
            self.pending.delivered(&owed);
        }
    }

    /// One request and its answer, within the operation timeout, behind the breaker.
    pub(super) async fn exchange<T: Send + 'static>(
        self: Arc<Self>,
        way: Way,
        request: impl FnOnce(&mut Store) -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let begun = self.clock.coarse();
        let admission = self.breaker(way).admit(begun).filter(|_| self.is_up()).ok_or(Refusal::Away)?;
        let answer = match self.server.send(request) {
            Sent::Answered(answer) => Some(answer),
            Sent::Refused => {
                // An error is an answer, too: the breaker is there for a server that gives none.
                admission.succeeded();
                return Err(Refusal::Failed("ERR".to_owned()));
            }
            Sent::Lies(lies) => self.clock.timeout_at(begun + self.operation_timeout, lies).await.and_then(Result::ok),
        };
        match answer {
            Some(answer) => {
                admission.succeeded();
                Ok(answer)
            }
            None => {
                admission.failed(self.clock.coarse());
                self.failures.fetch_add(1, Ordering::Relaxed);
                Err(Refusal::Unknown)
            }
        }
    }

    /// Tells the table what became of ends that were begun.
    fn settle(
        &self,
        cells: &[Arc<Cell>],
        generation: u64,
        answer: Result<Vec<Told>, Refusal>,
    ) -> Result<Vec<Told>, Refusal> {
        // What a link that was lost meanwhile confirms may be older than what is known by now: it is sent again.
        let same = self.generation.load(Ordering::Acquire) == generation;
        let confirmed = if same { answer } else { Err(Refusal::Unknown) };
        match &confirmed {
            Ok(epochs) => {
                cells.iter().zip(epochs).for_each(|(cell, epoch)| self.table.confirm_end(cell, 1, *epoch));
            }
            Err(refusal) => {
                log::warn(&format_args!("an invalidation is kept until Redis takes it: {refusal}"));
                cells.iter().for_each(|cell| self.pending.add(cell));
            }
        }
        confirmed
    }
}

impl Tier {
    pub(super) fn link(&self) -> Arc<Link> {
        Arc::clone(&self.link)
    }

    /// Begins at once, and goes on if the reply is dropped.
    pub(super) fn begin<T: Send + 'static>(
        &self,
        exchange: impl Future<Output = Result<T, Refusal>> + Send + 'static,
    ) -> Reply<'static, T> {
        let mut exchange = Box::pin(exchange);
        match exchange.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(answer) => Box::pin(ready(answer)),
            Poll::Pending => {
                let goes_on = self.reactor.spawn(exchange);
                Box::pin(async move { goes_on.result().await.unwrap_or(Err(Refusal::Away)) })
            }
        }
    }
}

impl Remote for Tier {
    fn generation(&self) -> u64 {
        self.link.generation.load(Ordering::Acquire)
    }

    fn read<'a>(&'a self, key: Option<(&'a str, [u8; 32])>, names: &'a [Arc<str>]) -> Reply<'a, Read> {
        let (key, names) = (key.map(|(key, hash)| (key.to_owned(), hash)), names.to_vec());
        Box::pin(self.link().exchange(Way::Read, move |store| store.read(key, &names)))
    }

    fn create<'a>(&'a self, names: &'a [Arc<str>]) -> Reply<'a, Vec<Told>> {
        let names = names.to_vec();
        let raises = move |store: &mut Store| names.iter().map(|name| store.create(name)).collect();
        Box::pin(self.link().exchange(Way::Write, raises))
    }

    fn write(&self, key: String, record: Record) -> Reply<'_, ()> {
        Box::pin(self.link().exchange(Way::Write, move |store| store.write(key, record)))
    }

    fn lower(&self, cells: &[Arc<Cell>], token: u64) {
        let names: Vec<Arc<str>> = cells.iter().map(|cell| Arc::clone(cell.name())).collect();
        let lower = move |store: &mut Store| names.iter().for_each(|name| store.lower(name, token));
        drop(self.begin(self.link().exchange(Way::Write, lower)));
    }

    fn end(&self, cells: Vec<Arc<Cell>>, fencing: Fencing) -> Reply<'static, Vec<Told>> {
        let (link, generation) = (self.link(), self.generation());
        cells.iter().for_each(|cell| link.table.begin_end(cell, fencing));
        let names: Vec<Arc<str>> = cells.iter().map(|cell| Arc::clone(cell.name())).collect();
        let raises = move |store: &mut Store| names.iter().map(|name| store.raise(name, fencing)).collect();
        self.begin(async move {
            let answer = Arc::clone(&link).exchange(Way::Write, raises).await;
            link.settle(&cells, generation, answer)
        })
    }

    fn shelf(&self) -> &dyn Shelf {
        self
    }

    fn ping(&self) -> Reply<'static, Duration> {
        let (link, begun) = (self.link(), self.link.clock.precise());
        Box::pin(async move {
            Arc::clone(&link).exchange(Way::Read, |_| ()).await?;
            Ok(link.clock.precise().since(begun))
        })
    }

    /// The link is brought up as it is made, where that is possible at all.
    fn settled(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(ready(()))
    }

    fn stats(&self) -> RedisStats {
        let (link, now) = (&self.link, self.link.clock.coarse());
        RedisStats {
            configured: true,
            connected: link.is_up(),
            connects: link.connects.load(Ordering::Relaxed),
            breaker: link.reads.state(now).worse(link.writes.state(now)),
            pending_invalidations: link.pending.count(),
            failures: link.failures.load(Ordering::Relaxed),
        }
    }
}
