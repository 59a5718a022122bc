//! Promises 1, 2 and 5 together: what readers saw, judged against what was written, while servers and networks fail.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use larder::{Larder, ttl_cached};
use tokio::task::JoinHandle;

use crate::proxy::Proxy;
use crate::server::RedisServer;
use crate::support::{Source, connected, node, node_at, within};

#[ttl_cached(entity = "history", skip(source))]
async fn by_entity(source: &Source) -> u64 {
    source.read()
}

#[ttl_cached(entity = "other", skip(source))]
async fn by_inner(source: &Source) -> u64 {
    by_entity(source).await
}

#[ttl_cached(entity = "other", skip(source))]
async fn by_tag(source: &Source, id: u64) -> u64 {
    larder::tag("history");
    let _ = id;
    let value = source.read();
    tokio::task::yield_now().await;
    value
}

#[ttl_cached(entity = "other", skip(source), store = redis, tags("history"))]
async fn by_redis(source: &Source) -> u64 {
    source.read()
}

/// What was written, and what every reader must see by now.
#[derive(Debug, Default)]
struct Written {
    source: Source,
    /// Per instance: the last value whose invalidation returned there.
    home: [AtomicU64; 2],
    /// The values whose invalidations reached Redis, and when that was known.
    applied: Mutex<Vec<(u64, Instant)>>,
    done: AtomicBool,
}

/// The tracking lease, and the margin of a coarse clock.
const LEASE: Duration = Duration::from_millis(1_050);

impl Written {
    fn at_least(&self, reader: usize) -> u64 {
        let now = Instant::now();
        let home = self.home[reader].load(Ordering::SeqCst);
        let applied = self.applied.lock().unwrap();
        let far = applied.iter().rev().find(|(_, at)| now - *at > LEASE).map_or(0, |(value, _)| *value);
        home.max(far)
    }

    /// Reads in every way for as long as the test goes; returns the number of reads.
    fn reader(self: &Arc<Self>, larder: &Larder, number: usize) -> JoinHandle<u64> {
        let (written, larder) = (Arc::clone(self), larder.clone());
        tokio::spawn(async move {
            let mut reads = 0;
            while !written.done.load(Ordering::SeqCst) {
                let source = &written.source;
                for way in 0..4 {
                    let at_least = written.at_least(number);
                    let begun = Instant::now();
                    let seen = larder
                        .scope(async {
                            match way {
                                0 => by_entity(source).await,
                                1 => by_inner(source).await,
                                2 => by_tag(source, reads % 3).await,
                                _ => by_redis(source).await,
                            }
                        })
                        .await;
                    assert!(seen >= at_least, "reader {number}, way {way}: saw {seen}, not {at_least} or later");
                    assert!(begun.elapsed() < Duration::from_secs(2), "a read took {:?}", begun.elapsed());
                    reads += 1;
                }
                tokio::time::sleep(Duration::from_micros(200)).await;
            }
            reads
        })
    }

    /// Writes and invalidates, now in one instance and now in the other.
    fn writer(self: &Arc<Self>, larders: [Larder; 2]) -> JoinHandle<u64> {
        let written = Arc::clone(self);
        tokio::spawn(async move {
            let mut value = 0;
            while !written.done.load(Ordering::SeqCst) {
                value += 1;
                let at = usize::try_from(value % 2).unwrap();
                written.source.set(value);
                let receipt = larders[at].invalidate("history").await.unwrap();
                written.home[at].store(value, Ordering::SeqCst);
                if receipt.is_applied() {
                    written.applied.lock().unwrap().push((value, Instant::now()));
                }
                tokio::time::sleep(Duration::from_millis(3)).await;
            }
            value
        })
    }
}

/// Lets readers and a writer work while `faults` go on; fails when a reader saw what it must not.
async fn judged(a: Larder, b: Larder, faults: impl AsyncFnOnce()) {
    let written = Arc::new(Written::default());
    let mut tasks: Vec<_> =
        [(&a, 0), (&a, 0), (&b, 1), (&b, 1)].map(|(larder, number)| written.reader(larder, number)).into();
    tasks.push(written.writer([a.clone(), b.clone()]));
    faults().await;
    written.done.store(true, Ordering::SeqCst);
    for task in tasks {
        assert!(within(Duration::from_secs(10), task).await.unwrap() > 10);
    }
}

async fn pause(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn no_reader_is_behind_while_nothing_fails() {
    let server = RedisServer::start();
    judged(node(&server).await, node(&server).await, async || pause(2_000).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn no_reader_is_behind_while_a_network_falls_silent_and_comes_back() {
    let server = RedisServer::start();
    let proxy = Proxy::before(server.port());
    judged(node_at(&proxy.url()).await, node(&server).await, async || {
        for round in 0..5 {
            pause(300).await;
            if round % 2 == 0 {
                proxy.silence_all()
            } else {
                proxy.silence(|number| number % 2 == 0)
            }
            pause(200 + 350 * round).await;
            proxy.resume();
        }
        pause(300).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn no_reader_is_behind_while_the_server_dies_freezes_and_forgets() {
    let mut server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    judged(a.clone(), b.clone(), async || {
        for round in 0..6 {
            pause(300).await;
            match round % 3 {
                0 => {
                    server.kill();
                    pause(150 * round).await;
                    server.restart_empty();
                }
                1 => {
                    server.freeze();
                    pause(150 * round).await;
                    server.thaw();
                }
                _ => server.flush().await,
            }
        }
        connected(&a).await;
        connected(&b).await;
        pause(300).await;
    })
    .await;
}
