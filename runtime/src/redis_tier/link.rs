//! The link: the one connection that announcements arrive on, watched, and made anew for ever.
//!
//! Invariants:
//! 1. A link is called up only after it was subscribed to announcements, then what is owed was delivered, then every known epoch was read
//!    again, in this order: nothing that changed while there was no link is missed, and nothing ended here is read first.
//! 2. The tracking lease is counted from before a heartbeat was sent: its answer comes behind every announcement that
//!    Redis made before it.
//! 3. The handler of announcements takes short locks only and awaits nothing.

use std::sync::Arc;
use std::sync::Weak;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, FromRedisValue as _, PushInfo, PushKind, Value, cmd};
use tokio::sync::{Notify, watch};

use super::breaker::Breaker;
use super::exchange::{Replies, Request, code};
use super::names::Names;
use super::pending::{Owed, Pending};
use super::scripts;
use super::waits::Waits;
use crate::clock::{Clock, Moment};
use crate::epoch::{EVERYTHING, Epoch, Table};
use crate::log;

/// What the link, the callers and the supervisor share.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) client: redis::Client,
    pub(crate) names: Names,
    pub(crate) table: Arc<Table>,
    pub(crate) clock: Clock,
    /// Before requests that only read.
    pub(crate) reads: Breaker,
    /// Before requests that write.
    pub(crate) writes: Breaker,
    pub(crate) pending: Pending,
    pub(crate) operation_timeout: Duration,
    pub(crate) heartbeat: Duration,
    pub(crate) lease: Duration,
    /// Shared with the instance: see [`Link::beat`].
    pub(crate) tracked_until: Arc<AtomicU64>,
    /// Odd while the link is up.
    pub(crate) generation: AtomicU64,
    pub(crate) connects: AtomicU64,
    pub(crate) failures: AtomicU64,
    /// The server's clock less this process's coarse one, in microseconds.
    pub(crate) server_ahead: AtomicI64,
    pub(crate) connection: Mutex<Option<MultiplexedConnection>>,
    /// Something is owed, or the connection broke: the supervisor should look.
    pub(crate) look: Arc<Notify>,
    /// Whether what is owed is being sent.
    pub(crate) delivering: AtomicBool,
    pub(crate) waits: Waits,
    /// The last heartbeat's, in microseconds.
    pub(crate) round_trip: AtomicU64,
    /// Whether the first attempt to connect has come to an end.
    pub(crate) settled: watch::Sender<bool>,
}

/// What a request needs of the server: one that still reads may refuse or hang writes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    Read,
    Write,
}

const CONNECT: Duration = Duration::from_millis(250);
/// A heartbeat that was not answered by then is missed.
const ANSWER: Duration = Duration::from_millis(100);
/// A link that misses this many in a row is dead.
const MISSES: u32 = 2;
/// Epochs asked for in one command after a reconnect.
const CHUNK: usize = 512;

impl Link {
    pub(crate) const fn breaker(&self, way: Way) -> &Breaker {
        match way {
            Way::Read => &self.reads,
            Way::Write => &self.writes,
        }
    }

    pub(crate) fn is_up(&self) -> bool {
        self.generation.load(Ordering::Acquire) % 2 == 1
    }

    pub(crate) fn connection(&self) -> MutexGuard<'_, Option<MultiplexedConnection>> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The server's time in microseconds, as well as it is known.
    pub(crate) fn server_now(&self) -> u64 {
        let here = i64::try_from(self.clock.coarse().as_nanos() / 1_000).unwrap_or(i64::MAX);
        u64::try_from(here.saturating_add(self.server_ahead.load(Ordering::Relaxed))).unwrap_or(0)
    }

    /// How often waiting callers are looked after.
    pub(crate) fn tick(&self) -> Duration {
        (self.operation_timeout / 10).clamp(Duration::from_millis(1), ANSWER / 2)
    }

    /// Ends the waiting of callers whose time is over.
    pub(crate) async fn watch_over_waits(weak: Weak<Self>) {
        while let Some(link) = weak.upgrade() {
            link.waits.end(link.clock.coarse());
            let tick = link.tick();
            drop(link);
            tokio::time::sleep(tick).await;
        }
    }

    /// Makes the link anew for as long as the instance lives.
    pub(crate) async fn supervise(weak: Weak<Self>) {
        let pauses = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(10))
            .with_max_delay(Duration::from_millis(200))
            .with_jitter()
            .without_max_times();
        let mut pause = pauses.build();
        let mut told = false;
        while let Some(link) = weak.upgrade() {
            match link.bring_up().await {
                Ok((connection, retired)) => {
                    pause = pauses.build();
                    told = false;
                    link.up(connection.clone());
                    drop(link);
                    Self::watch(&weak, connection, &retired).await;
                    retired.store(true, Ordering::Release);
                    if let Some(link) = weak.upgrade() {
                        link.down();
                    }
                }
                Err(reason) => {
                    if !told {
                        log::warn(&format_args!("Redis is away: {reason}"));
                        told = true;
                    }
                    link.settled.send_replace(true);
                    drop(link);
                }
            }
            tokio::time::sleep(pause.next().unwrap_or(ANSWER)).await;
        }
    }

    /// Connects, subscribes, delivers what is owed, reads every known epoch again.
    async fn bring_up(self: &Arc<Self>) -> Result<(MultiplexedConnection, Arc<AtomicBool>), String> {
        let broken = Arc::new(AtomicBool::new(false));
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(None)
            .set_push_sender(self.handler(Arc::clone(&broken)));
        let connecting = self.client.get_multiplexed_async_connection_with_config(&config);
        let connected = tokio::time::timeout(CONNECT * 2, connecting).await.map_err(|_| "no answer".to_owned())?;
        let connection = connected.map_err(|error| code(&error).unwrap_or_else(|| "no connection".to_owned()))?;
        match self.prepare(&connection).await {
            Ok(()) => Ok((connection, broken)),
            Err(reason) => {
                broken.store(true, Ordering::Release);
                Err(reason)
            }
        }
    }

    /// All that a connection must have behind it before it is the link.
    async fn prepare(&self, connection: &MultiplexedConnection) -> Result<(), String> {
        let mut subscriber = connection.clone();
        let subscribing = subscriber.subscribe(self.names.channel());
        let subscribed =
            tokio::time::timeout(self.operation_timeout, subscribing).await.map_err(|_| "no answer".to_owned())?;
        subscribed.map_err(|error| {
            let code = code(&error).unwrap_or_else(|| "no connection".to_owned());
            format!("SUBSCRIBE failed ({code}): the user needs `+subscribe` and `&{}`", self.names.channel())
        })?;
        let tracked_until = self.beat(connection, self.operation_timeout.max(ANSWER)).await?;
        self.same_server(connection).await?;
        self.table.end_unseen();
        self.deliver(connection).await?;
        self.read_again(connection).await?;
        self.deliver(connection).await?;
        // Only now is all that memory holds known to be as current as when the heartbeat was sent.
        self.extend(tracked_until);
        Ok(())
    }

    async fn now(&self, connection: &MultiplexedConnection, request: Request) -> Result<Replies, String> {
        let limit = self.operation_timeout;
        request.exchange(connection.clone(), limit).await.map_err(|refusal| refusal.to_string())
    }

    /// Ends everything if this is another run of the server than the one that the epochs were raised on: one that was
    /// restarted from a save, or a replica that took over, may have forgotten the latest of them.
    async fn same_server(&self, connection: &MultiplexedConnection) -> Result<(), String> {
        let mut info = cmd("INFO");
        info.arg("server");
        let refused = |code| format!("INFO was refused ({code}): the user needs `+info`");
        let answer = self.now(connection, Request::One(info)).await?.into_iter().next().unwrap_or(Ok(Value::Nil));
        let text = String::from_redis_value(answer.map_err(refused)?).map_err(|_| "INFO cannot be read".to_owned())?;
        let run = text.lines().find_map(|line| line.strip_prefix("run_id:")).unwrap_or_default().trim();
        let checked = self.now(connection, Request::One(scripts::same_run(&self.names, run))).await?;
        match checked.into_iter().next() {
            Some(Ok(_)) => Ok(()),
            Some(Err(code)) => Err(format!("the run of the server could not be checked ({code})")),
            None => Err("no answer".to_owned()),
        }
    }

    /// Sends the invalidations that Redis has not confirmed, some at a time.
    async fn deliver(&self, connection: &MultiplexedConnection) -> Result<(), String> {
        let mut owed = self.pending.take();
        let mut outcome = Ok(());
        while !owed.is_empty() {
            let chunk: Vec<Owed> = owed.drain(..owed.len().min(CHUNK)).collect();
            if let Err(reason) = self.deliver_some(connection, chunk).await {
                outcome = Err(reason);
                owed.drain(..).for_each(|owed| self.pending.give_back(owed));
            }
        }
        outcome
    }

    async fn deliver_some(&self, connection: &MultiplexedConnection, owed: Vec<Owed>) -> Result<(), String> {
        let generation = self.generation.load(Ordering::Acquire);
        let raises = owed.iter().map(|owed| scripts::end(&self.names, &owed.cell, &self.table));
        let replies = self.now(connection, Request::of(raises)).await;
        // What a link that was lost meanwhile confirms may be older than what is known by now: it is sent again.
        let good = self.generation.load(Ordering::Acquire) == generation;
        let confirmed = match &replies {
            Ok(replies) if good => replies.iter().map(|reply| reply.as_ref().ok().and_then(read_epoch)).collect(),
            _ => Vec::new(),
        };
        let mut refused = false;
        for (owed, epoch) in owed.into_iter().zip(confirmed.into_iter().chain(std::iter::repeat(None))) {
            match epoch {
                Some(epoch) => self.table.confirm_end(&owed.cell, owed.ends, epoch),
                None => {
                    refused = true;
                    self.pending.give_back(owed);
                }
            }
        }
        match replies {
            Err(reason) => Err(reason),
            Ok(_) if refused => Err("an invalidation was refused: it is kept and sent again".to_owned()),
            Ok(_) => Ok(()),
        }
    }

    /// Delivers in a task of its own, so that a server that hangs writes does not silence the heartbeat.
    fn deliver_aside(self: &Arc<Self>, connection: &MultiplexedConnection) {
        if self.pending.count() == 0 || self.delivering.swap(true, Ordering::AcqRel) {
            return;
        }
        let (link, connection) = (Arc::clone(self), connection.clone());
        tokio::spawn(async move {
            if let Err(reason) = link.deliver(&connection).await {
                log::warn(&format_args!("{reason}"));
            }
            link.delivering.store(false, Ordering::Release);
        });
    }

    /// Reads the epochs of all known names: what was changed meanwhile is ended, all else lives on.
    async fn read_again(&self, connection: &MultiplexedConnection) -> Result<(), String> {
        #[cfg(feature = "testkit")]
        if crate::testkit::is_out(crate::testkit::Protection::EpochsReadAgain) {
            return Ok(());
        }
        let cells = self.table.all();
        let guards: Vec<_> = cells.iter().map(|cell| cell.distrust()).collect();
        let commands = cells.chunks(CHUNK).map(|chunk| {
            let mut read = cmd("MGET");
            for cell in chunk {
                read.arg(self.names.epoch(cell.name()));
            }
            read
        });
        let mut epochs = Vec::with_capacity(cells.len());
        for command in commands {
            let reply = self.now(connection, Request::One(command)).await?.into_iter().next();
            let values =
                reply.unwrap_or(Ok(Value::Nil)).map_err(|code| format!("the epochs could not be read ({code})"))?;
            epochs.extend(read_epochs(values));
        }
        if epochs.len() != cells.len() {
            return Err("the epochs could not be read".to_owned());
        }
        for ((cell, guard), epoch) in cells.iter().zip(guards).zip(epochs) {
            if self.table.learn_again(cell, guard, epoch) {
                self.pending.add(cell);
            }
        }
        Ok(())
    }

    fn up(&self, connection: MultiplexedConnection) {
        *self.connection() = Some(connection);
        self.reads.reset();
        self.writes.reset();
        self.connects.fetch_add(1, Ordering::Relaxed);
        self.generation.fetch_add(1, Ordering::AcqRel);
        self.settled.send_replace(true);
    }

    fn down(&self) {
        log::warn(&format_args!("the link to Redis is down: functions answer by this process alone"));
        self.generation.fetch_add(1, Ordering::AcqRel);
        *self.connection() = None;
        self.waits.end(Moment::NEVER);
    }

    /// Tests the link until it is dead, and delivers what becomes owed.
    async fn watch(weak: &Weak<Self>, connection: MultiplexedConnection, broken: &AtomicBool) {
        let mut missed = 0;
        loop {
            let Some(link) = weak.upgrade() else { return };
            let (every, look) = (link.heartbeat, Arc::clone(&link.look));
            let begun = tokio::time::Instant::now();
            match link.beat(&connection, link.patience()).await {
                Ok(tracked_until) => {
                    missed = 0;
                    link.extend(tracked_until);
                    link.deliver_aside(&connection);
                }
                Err(_) => missed += 1,
            }
            if missed >= MISSES {
                return;
            }
            drop(link);
            let _ = tokio::time::timeout_at(begun + every, look.notified()).await;
            if broken.load(Ordering::Acquire) {
                return;
            }
        }
    }

    /// One heartbeat. When it is answered, pushes were known to arrive when it was sent.
    async fn beat(&self, connection: &MultiplexedConnection, limit: Duration) -> Result<Moment, String> {
        let everything = self.table.cell(EVERYTHING);
        let (guard, sent) = (everything.guard(), self.clock.coarse());
        let mut lost = cmd("GET");
        lost.arg(self.names.epoch(EVERYTHING));
        let answer = Request::of([cmd("TIME"), lost]).exchange(connection.clone(), limit).await;
        let mut replies = answer.map_err(|refusal| refusal.to_string())?.into_iter();
        let answered = self.clock.coarse();
        let time = replies.next().and_then(Result::ok).and_then(|value| <(u64, u64)>::from_redis_value(value).ok());
        let (seconds, micros) = time.ok_or_else(|| "TIME was refused: the user needs `+time`".to_owned())?;
        let middle = sent + answered.since(sent) / 2;
        let server = i64::try_from(seconds * 1_000_000 + micros).unwrap_or(i64::MAX);
        let here = i64::try_from(middle.as_nanos() / 1_000).unwrap_or(i64::MAX);
        self.server_ahead.store(server.saturating_sub(here), Ordering::Relaxed);
        let epoch = replies.next().and_then(Result::ok).as_ref().and_then(read_epoch);
        if everything.epoch().is_confirmed() && epoch != Some(everything.epoch()) && everything.guard() == guard {
            // What every value depends on is gone or another: Redis lost its data, and may have lost any epoch.
            self.table.forget_all();
        }
        let round_trip = u64::try_from(answered.since(sent).as_micros()).unwrap_or(u64::MAX);
        self.round_trip.store(round_trip, Ordering::Relaxed);
        #[cfg(feature = "testkit")]
        if crate::testkit::is_out(crate::testkit::Protection::TrackingLease) {
            return Ok(sent + Duration::from_secs(3_600));
        }
        Ok(sent + self.lease)
    }

    /// What is done with each push on a connection; `broken` is set when it is closed.
    fn handler(&self, broken: Arc<AtomicBool>) -> impl Fn(PushInfo) -> Result<(), ()> + Send + Sync + 'static {
        let (table, look) = (Arc::clone(&self.table), Arc::clone(&self.look));
        move |push| {
            if broken.load(Ordering::Acquire) {
                return Ok(());
            }
            match push.kind {
                PushKind::Disconnection => {
                    broken.store(true, Ordering::Release);
                    look.notify_one();
                }
                PushKind::Message => {
                    if let Some(Value::BulkString(payload)) = push.data.last()
                        && let Some((name, epoch, first)) = scripts::read_announcement(payload)
                    {
                        table.announce(name, epoch, first);
                    }
                }
                _ => {}
            }
            Ok(())
        }
    }

    /// How long a heartbeat's answer is waited for: a distant server is given more.
    fn patience(&self) -> Duration {
        let far = Duration::from_micros(self.round_trip.load(Ordering::Relaxed)).saturating_mul(3);
        ANSWER.max(self.heartbeat).max(far.min(self.lease / 3))
    }

    fn extend(&self, until: Moment) {
        self.tracked_until.fetch_max(until.as_nanos(), Ordering::AcqRel);
    }
}

pub(crate) fn read_epoch(value: &Value) -> Option<Epoch> {
    match value {
        Value::BulkString(bytes) => scripts::read_epoch(bytes),
        Value::SimpleString(text) => scripts::read_epoch(text.as_bytes()),
        _ => None,
    }
}

pub(crate) fn read_epochs(value: Value) -> Vec<Option<Epoch>> {
    match value {
        Value::Array(values) => values.iter().map(read_epoch).collect(),
        value => vec![read_epoch(&value)],
    }
}
