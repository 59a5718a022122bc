//! The scenario of every outage: readers and a writer in two instances, before, while and after a fault.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use larder::{Larder, ttl_cached};
use tokio::task::JoinHandle;

use super::figures::{Figures, Measured};
use super::{Fault, World};
use crate::support::{Source, eventually_async, within};

#[ttl_cached(entity = "outage", skip(source))]
async fn hot(source: &Source) -> u64 {
    source.read()
}

#[ttl_cached(entity = "outage", skip(source))]
async fn cold(source: &Source, id: u64) -> u64 {
    let _ = id;
    source.read()
}

#[ttl_cached(entity = "outage", skip(source), coherence = strict)]
async fn strict(source: &Source) -> u64 {
    source.read()
}

#[ttl_cached(entity = "outage", skip(source), store = redis)]
async fn in_redis(source: &Source) -> u64 {
    source.read()
}

/// What nobody ends.
#[ttl_cached(entity = "probe", skip(source))]
async fn probe(source: &Source, id: u64) -> u64 {
    source.read() + id
}

#[ttl_cached(entity = "other", skip(source))]
async fn tagged(source: &Source, id: u64) -> u64 {
    larder::tag("outage");
    let _ = id;
    source.read()
}

#[ttl_cached(entity = "outage", skip(source))]
fn of_a_thread(source: &Source, id: u64) -> u64 {
    let _ = id;
    source.read()
}

/// The longest that a call may wait for Redis, and the margin of a quiet machine.
const ONE_OPERATION: Duration = Duration::from_millis(500 + 150);
/// How long a process may serve what another ended, and the margin of a coarse clock.
const LEASE: Duration = Duration::from_millis(1_050);
/// Whatever waits longer than this hangs.
const HUNG: Duration = Duration::from_secs(15);

/// What was written, and what every reader must see by now.
#[derive(Debug, Default)]
struct Written {
    source: Source,
    /// Per instance: the last value whose invalidation returned there.
    home: [AtomicU64; 2],
    /// The values whose invalidations Redis confirmed, and when that was known.
    applied: Mutex<Vec<(u64, Instant)>>,
    next_id: AtomicU64,
    done: AtomicBool,
    measured: Measured,
}

/// Lets readers and the writer come to an end, also when the scenario fails.
struct LetGo(Arc<Written>);

impl Drop for LetGo {
    fn drop(&mut self) {
        self.0.done.store(true, Ordering::SeqCst);
    }
}

impl Written {
    fn goes_on(&self) -> bool {
        !self.done.load(Ordering::SeqCst)
    }

    fn id(&self) -> u64 {
        self.next_id.fetch_add(1, Ordering::SeqCst)
    }

    /// The oldest value that a reader of this instance may see from now on.
    fn at_least(&self, instance: usize, now: Instant) -> u64 {
        let home = self.home[instance].load(Ordering::SeqCst);
        let applied = self.applied.lock().unwrap();
        home.max(applied.iter().rev().find(|(_, at)| now.duration_since(*at) > LEASE).map_or(0, |(value, _)| *value))
    }

    /// For how long a value had been ended when a read of it began.
    fn staleness(&self, seen: u64, begun: Instant) -> Duration {
        let applied = self.applied.lock().unwrap();
        let ended = applied.get(applied.partition_point(|(value, _)| *value <= seen));
        ended.map_or(Duration::ZERO, |(_, at)| begun.saturating_duration_since(*at))
    }

    /// Judges one read.
    fn judge(&self, what: &str, instance: usize, (begun, at_least): (Instant, u64), seen: u64) {
        self.measured.read(begun, self.staleness(seen, begun));
        assert!(seen >= at_least, "{what} in instance {instance}: saw {seen}, and {at_least} was ended");
    }

    /// To be asked before a read.
    fn before(&self, instance: usize) -> (Instant, u64) {
        let now = Instant::now();
        (now, self.at_least(instance, now))
    }

    /// Reads in every way until the end.
    fn reader(self: &Arc<Self>, larder: &Larder, instance: usize) -> JoinHandle<()> {
        let (written, larder) = (Arc::clone(self), larder.clone());
        tokio::spawn(async move {
            let source = &written.source;
            while written.goes_on() {
                let before = written.before(instance);
                written.judge("hot", instance, before, larder.scope(hot(source)).await);
                let before = written.before(instance);
                written.judge("cold", instance, before, larder.scope(cold(source, written.id())).await);
                let before = written.before(instance);
                written.judge("strict", instance, before, larder.scope(strict(source)).await);
                let before = written.before(instance);
                written.judge("in Redis", instance, before, larder.scope(in_redis(source)).await);
                let before = written.before(instance);
                written.judge("tagged", instance, before, larder.scope(tagged(source, written.id() % 5)).await);
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        })
    }

    /// The same from a thread without an executor.
    fn thread(self: &Arc<Self>, larder: &Larder, instance: usize) -> JoinHandle<()> {
        let (written, larder) = (Arc::clone(self), larder.clone());
        tokio::task::spawn_blocking(move || {
            while written.goes_on() {
                for id in [0, written.id()] {
                    let before = written.before(instance);
                    let seen = larder.run(|| of_a_thread(&written.source, id));
                    written.judge("sync", instance, before, seen);
                }
                std::thread::sleep(Duration::from_millis(2));
            }
        })
    }

    /// Writes and invalidates, now in one instance and now in the other; returns the last value.
    fn writer(self: &Arc<Self>, larders: [Larder; 2]) -> JoinHandle<u64> {
        let written = Arc::clone(self);
        tokio::spawn(async move {
            let mut value = 0;
            while written.goes_on() {
                value += 1;
                let instance = usize::try_from(value % 2).unwrap();
                written.source.set(value);
                let begun = Instant::now();
                let receipt = larders[instance].invalidate("outage").await.expect("no error to the caller");
                written.measured.end(begun, receipt.is_applied());
                written.home[instance].store(value, Ordering::SeqCst);
                if receipt.is_applied() {
                    written.applied.lock().unwrap().push((value, Instant::now()));
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            value
        })
    }
}

/// Whether nothing is owed, and what one instance computes is read by the other.
async fn is_whole(larders: &[Larder; 2], id: impl Fn() -> u64) -> bool {
    let settled = |larder: &Larder| {
        let redis = larder.stats().redis;
        redis.connected && redis.pending_invalidations == 0
    };
    if !larders.iter().all(settled) {
        return false;
    }
    for (from, to) in [(0, 1), (1, 0)] {
        let (source, id) = (Source::of(7), id());
        larders[from].scope(probe(&source, id)).await;
        larders[to].scope(probe(&source, id)).await;
        if source.runs() != 1 {
            return false;
        }
    }
    true
}

/// Lets two instances live through a fault, and judges what they did.
pub(super) async fn outlive<F: Fault>(mut fault: F) {
    let mut world = World::new().await;
    fault.prepare(&mut world).await;
    let larders = world.instances(F::LOGIN).await;
    let written = Arc::new(Written::default());
    let let_go = LetGo(Arc::clone(&written));
    let mut readers = vec![written.thread(&larders[0], 0)];
    readers.extend(larders.iter().enumerate().map(|(instance, larder)| written.reader(larder, instance)));
    let writer = written.writer(larders.clone());
    eventually_async(HUNG, "everything works before the fault", async || is_whole(&larders, || written.id()).await)
        .await;

    fault.strike(&mut world).await;
    fault.meanwhile(&mut world).await;
    fault.heal(&mut world).await;

    let healed = Instant::now();
    // The writer keeps on making what is owed: it must be seen to be nothing.
    eventually_async(F::HEALS, F::NAME, async || is_whole(&larders, || written.id()).await).await;
    let recovery = healed.elapsed();
    drop(let_go);
    let last = within(HUNG, writer).await.expect("a writer without fault");
    for reader in readers {
        within(HUNG, reader).await.expect("a reader without fault");
    }

    everything_is_delivered(&world, &larders, F::LOGIN, &written.source, last).await;
    let figures = Figures { recovery, ..written.measured.so_far() };
    figures.publish(F::NAME);
    assert!(figures.reads > 40 && figures.ends > 10, "{figures:?}");
    assert!(figures.longest_net <= ONE_OPERATION, "something took {:?}", figures.longest_net);
}

/// What was ended last is gone for all, and for who comes later.
async fn everything_is_delivered(world: &World, larders: &[Larder; 2], login: &str, source: &Source, last: u64) {
    let newcomer = world.newcomer(login).await;
    for larder in [&newcomer, &larders[0], &larders[1]] {
        eventually_async(HUNG, "the last value", async || {
            larder.stats().redis.pending_invalidations == 0 && larder.scope(hot(source)).await == last
        })
        .await;
        assert_eq!(larder.scope(strict(source)).await, last);
        assert_eq!(larder.scope(in_redis(source)).await, last);
        for id in 0..5 {
            assert_eq!(larder.scope(tagged(source, id)).await, last);
        }
        assert_eq!(larder.run(|| of_a_thread(source, 0)), last);
    }
}
