//! The tier as the cache sees it: each request in one round trip, within the operation timeout, behind the breaker.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use redis::{Cmd, Value, cmd};
use tokio::sync::{broadcast, watch};

use super::breaker::Breaker;
use super::envelope;
use super::exchange::{Replies, Request};
use super::link::{Link, Way};
use super::names::Names;
use super::scripts;
use super::survey;
use super::topology::Topology;
use crate::__inspect::{Announcement, Survey};
use crate::clock::Clock;
use crate::epoch::{Cell, Fencing, Table, Told};
use crate::instance::{Parts, Settings};
use crate::reactor::Reactor;
use crate::record::Shelf;
use crate::remote::{Found, Read, Record, Refusal, Remote, Reply};
use crate::stats::{self, RedisStats};

/// Redis, seen from one instance.
#[derive(Clone, Debug)]
pub(crate) struct Redis {
    pub(super) link: Arc<Link>,
    pub(super) reactor: Reactor,
}

/// How long a value without an end of its own is kept.
const ENDLESS: Duration = Duration::from_secs(7 * 24 * 3_600);

impl Redis {
    /// Begins to connect; succeeds whether Redis is there or not.
    pub(crate) fn start(topology: Topology, settings: &Settings) -> Parts {
        let clock = Clock::system();
        let table = Arc::new(Table::with(true, clock.clone(), settings.settle));
        let tracked_until = Arc::new(AtomicU64::new(0));
        let link = Arc::new(Link {
            names: Names::new(&settings.namespace, topology.is_cluster()),
            topology,
            table: Arc::clone(&table),
            clock: clock.clone(),
            reads: Breaker::new(settings.breaker_open),
            writes: Breaker::new(settings.breaker_open),
            pending: Default::default(),
            operation_timeout: settings.operation_timeout,
            heartbeat: settings.heartbeat,
            lease: settings.lease,
            settle: settings.settle,
            tracked_until: Arc::clone(&tracked_until),
            generation: AtomicU64::new(0),
            connects: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            server_ahead: AtomicI64::new(0),
            pace: Default::default(),
            servers: Default::default(),
            fault: Default::default(),
            look: Default::default(),
            delivering: Default::default(),
            refusing: Default::default(),
            waits: Default::default(),
            round_trip: AtomicU64::new(0),
            settled: watch::Sender::new(false),
            freed: Default::default(),
            heard: Default::default(),
        });
        let reactor = Reactor::default();
        let _ = reactor.spawn(Link::supervise(Arc::downgrade(&link)));
        let _ = reactor.spawn(Link::watch_over_waits(Arc::downgrade(&link)));
        let remote: Arc<dyn Remote> = Arc::new(Self { link, reactor: reactor.clone() });
        Parts { clock, reactor, table, tracked_until, remote: Some(remote) }
    }

    /// Sends a request on the link, from the reactor's thread. It goes on if the reply is dropped.
    pub(super) fn send(
        &self,
        request: Request,
        way: Way,
    ) -> impl Future<Output = Result<Replies, Refusal>> + Send + use<> + 'static {
        let link = Arc::clone(&self.link);
        let reactor = self.reactor.clone();
        let sent = link.is_up().then(|| {
            self.reactor.spawn(async move {
                let _alive = reactor;
                through(&link, &request, way).await
            })
        });
        async move {
            match sent {
                Some(sent) => sent.result().await.unwrap_or(Err(Refusal::Away)),
                None => Err(Refusal::Away),
            }
        }
    }

    /// Sends a request whose loss does no harm, straight from the caller: the connection is driven by the reactor's
    /// thread all the same, and one hand-over is saved.
    async fn ask(&self, request: &Request, way: Way) -> Result<Replies, Refusal> {
        let link = &self.link;
        if link.breaker(way).state(link.clock.coarse()) != stats::Breaker::Closed {
            // A probe must come to an end also when its caller is never polled again.
            return self.send(request.clone(), way).await;
        }
        let servers = link.servers().clone();
        let Some(servers) = servers.filter(|_| link.is_up()) else { return Err(Refusal::Away) };
        let Some(mut connection) = servers.only().cloned() else {
            // What a Cluster sends on is waited for with timers.
            return self.send(request.clone(), way).await;
        };
        let limit = link.operation_timeout.saturating_sub(link.tick());
        behind_breaker(link, way, async {
            let deadline = link.clock.coarse() + limit;
            let replies = link.waits.until(deadline, request.forward(&mut connection)).await;
            replies.unwrap_or(Err(Refusal::Unknown))
        })
        .await
    }
}

/// One exchange on the reactor's thread.
async fn through(link: &Link, request: &Request, way: Way) -> Result<Replies, Refusal> {
    let servers = link.servers().clone();
    let Some(servers) = servers else { return Err(Refusal::Away) };
    behind_breaker(link, way, servers.exchange(request, link.operation_timeout)).await
}

/// Asks the breaker of a way for leave, and tells it what came of the exchange.
pub(super) async fn behind_breaker(
    link: &Link,
    way: Way,
    exchange: impl Future<Output = Result<Replies, Refusal>>,
) -> Result<Replies, Refusal> {
    let Some(admission) = link.breaker(way).admit(link.clock.coarse()) else { return Err(Refusal::Away) };
    let replies = exchange.await;
    match &replies {
        Ok(_) => admission.succeeded(),
        Err(_) => {
            admission.failed(link.clock.coarse());
            link.failures.fetch_add(1, Ordering::Relaxed);
        }
    }
    replies
}

impl Remote for Redis {
    fn generation(&self) -> u64 {
        self.link.generation.load(Ordering::Acquire)
    }

    fn read<'a>(&'a self, key: Option<(&'a str, [u8; 32])>, names: &'a [Arc<str>]) -> Reply<'a, Read> {
        Box::pin(async move {
            let mut commands: Vec<Cmd> = Vec::with_capacity(2);
            if let Some((key, _)) = key {
                let mut get = cmd("GET");
                get.arg(key);
                commands.push(get);
            }
            commands.extend(scripts::read(&self.link.names, names));
            let mut replies = self.ask(&Request::of(commands), Way::Read).await?.into_iter();
            let found = match key {
                None => Found::Nothing,
                Some((_, hash)) => match replies.next() {
                    Some(Ok(Value::Nil)) => Found::Nothing,
                    Some(Ok(Value::BulkString(bytes))) => match envelope::unpack(&bytes, &hash, self.link.server_now())
                    {
                        // The server drops it in a moment.
                        Some(record) if record.life.is_zero() => Found::Nothing,
                        Some(record) => Found::Record(record),
                        None => Found::Garbled,
                    },
                    Some(Err(code)) if code != "WRONGTYPE" => return Err(Refusal::Failed(code)),
                    Some(_) => Found::Garbled,
                    None => return Err(Refusal::Unknown),
                },
            };
            Ok(Read { found, epochs: self.link.answers(names, replies.collect())? })
        })
    }

    fn create<'a>(&'a self, names: &'a [Arc<str>]) -> Reply<'a, Vec<Told>> {
        Box::pin(async move {
            let raises = names.iter().map(|name| scripts::create(&self.link.names, name));
            epochs(&self.link, self.send(Request::of(raises), Way::Write).await?)
        })
    }

    fn write(&self, key: String, record: Record) -> Reply<'_, ()> {
        Box::pin(async move {
            let endless = record.life == Duration::MAX;
            let life = if endless { ENDLESS } else { record.life };
            let millis = u64::try_from(life.as_millis()).unwrap_or(u64::MAX);
            if millis == 0 {
                return Err(Refusal::Unsupported("a life under one millisecond"));
            }
            let micros = u64::try_from(life.as_micros()).unwrap_or(u64::MAX);
            let deadline = if endless { 0 } else { self.link.server_now().saturating_add(micros) };
            let bytes = envelope::pack(&record, deadline).ok_or(Refusal::Unsupported("a value of this size"))?;
            let store = cmd("SET").arg(key).arg(bytes).arg("PX").arg(millis).to_owned();
            single(self.ask(&Request::One(store), Way::Write).await?).map(drop)
        })
    }

    fn lower(&self, cells: &[Arc<Cell>], token: u64) {
        let lowers = cells.iter().map(|cell| scripts::lower(&self.link.names, cell, token));
        drop(self.send(Request::of(lowers), Way::Write));
    }

    fn end(&self, cells: Vec<Arc<Cell>>, fencing: Fencing) -> Reply<'static, Vec<Told>> {
        let link = Arc::clone(&self.link);
        cells.iter().for_each(|cell| link.table.begin_end(cell, fencing));
        if !link.is_up() {
            cells.iter().for_each(|cell| link.pending.add(cell));
            // The link may have come up in between: what it delivered before did not hold these.
            link.look.notify_one();
            return Box::pin(async { Err(Refusal::Away) });
        }
        let generation = self.generation();
        let ends = cells.iter().map(|cell| scripts::end(&link.names, cell, fencing));
        let sent = self.send(Request::of(ends), Way::Write);
        let settled = self.reactor.spawn(async move {
            let confirmed = sent.await.and_then(|replies| epochs(&link, replies));
            // What a link that was lost meanwhile confirms may be older than what is known by now: it is sent again.
            let same = link.generation.load(Ordering::Acquire) == generation;
            let confirmed = if same { confirmed } else { Err(Refusal::Unknown) };
            match &confirmed {
                Ok(epochs) => {
                    for (cell, epoch) in cells.iter().zip(epochs) {
                        link.table.confirm_end(cell, 1, *epoch);
                    }
                }
                Err(refusal) => {
                    link.owes(&format_args!("an invalidation is kept until Redis takes it: {refusal}"));
                    cells.iter().for_each(|cell| link.pending.add(cell));
                    link.look.notify_one();
                }
            }
            confirmed
        });
        Box::pin(async move { settled.result().await.unwrap_or(Err(Refusal::Away)) })
    }

    fn shelf(&self) -> &dyn Shelf {
        self
    }

    fn ping(&self) -> Reply<'static, Duration> {
        let clock = self.link.clock.clone();
        let begun = clock.precise();
        let reply = self.send(Request::One(cmd("PING")), Way::Read);
        Box::pin(async move {
            single(reply.await?)?;
            Ok(clock.precise().since(begun))
        })
    }

    fn settled(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            let _ = self.link.settled.subscribe().wait_for(|settled| *settled).await;
        })
    }

    fn fault(&self) -> Option<String> {
        self.link.fault().clone()
    }

    fn survey(&self, most: u64) -> Reply<'static, Survey> {
        let walked = self.reactor.spawn(survey::survey(Arc::clone(&self.link), most));
        Box::pin(async move { walked.result().await.unwrap_or(Err(Refusal::Away)) })
    }

    fn announcements(&self) -> Option<broadcast::Receiver<Announcement>> {
        /// So many may wait to be taken.
        const WAITING: usize = 1024;
        Some(self.link.heard.get_or_init(|| broadcast::Sender::new(WAITING)).subscribe())
    }

    fn stats(&self) -> RedisStats {
        let link = &self.link;
        RedisStats {
            configured: true,
            connected: link.is_up(),
            connects: link.connects.load(Ordering::Relaxed),
            breaker: link.reads.state(link.clock.coarse()).worse(link.writes.state(link.clock.coarse())),
            pending_invalidations: link.pending.count(),
            failures: link.failures.load(Ordering::Relaxed),
        }
    }
}

/// The one reply to one command.
pub(super) fn single(replies: Replies) -> Result<Value, Refusal> {
    replies.into_iter().next().ok_or(Refusal::Unknown)?.map_err(Refusal::Failed)
}

/// The epochs that raising scripts returned.
fn epochs(link: &Link, replies: Replies) -> Result<Vec<Told>, Refusal> {
    replies
        .into_iter()
        .map(|reply| reply.map_err(Refusal::Failed).and_then(|value| link.told(&value).ok_or(Refusal::Unknown)))
        .collect()
}
