//! Promise 3: a computation that began before an invalidation is never served after it.

use std::sync::Arc;
use std::time::Duration;

use larder::{Larder, ttl_cached};
use tokio::task::JoinHandle;

use crate::proxy::Proxy;
use crate::server::RedisServer;
use crate::support::{Gate, SOON, Source, eventually, eventually_async, memory, node, node_at, within};

/// A source whose reader stops between the reading and the returning.
#[derive(Debug, Default)]
struct Slow {
    source: Source,
    gate: Gate,
}

impl Slow {
    async fn read(&self) -> u64 {
        let value = self.source.read();
        self.gate.pass().await;
        value
    }
}

#[ttl_cached(entity = "tools", skip(slow))]
async fn by_entity(slow: &Slow) -> u64 {
    slow.read().await
}

#[ttl_cached(entity = "other", skip(slow), tags("thing:{id}"))]
async fn by_tag(slow: &Slow, id: u64) -> u64 {
    let _ = id;
    slow.read().await
}

#[ttl_cached(entity = "other", skip(slow), tags(("team", ret.1)))]
async fn by_result(slow: &Slow) -> (u64, u64) {
    (slow.read().await, 5)
}

#[ttl_cached(entity = "other", skip(slow))]
async fn by_tag_inside(slow: &Slow) -> u64 {
    larder::tag("inside");
    slow.read().await
}

#[ttl_cached(entity = "inner", skip(slow))]
async fn inner(slow: &Slow) -> u64 {
    slow.source.read()
}

#[ttl_cached(entity = "other", skip(slow))]
async fn by_inner(slow: &Slow) -> u64 {
    let value = inner(slow).await;
    slow.gate.pass().await;
    value
}

#[ttl_cached(entity = "tools", skip(slow), store = redis)]
async fn only_in_redis(slow: &Slow) -> u64 {
    slow.read().await
}

#[ttl_cached(entity = "failing", skip(slow))]
async fn failing(slow: &Slow) -> Result<u64, u64> {
    Err(slow.source.read())
}

#[ttl_cached(entity = "other", skip(slow))]
async fn over_a_failure(slow: &Slow) -> u64 {
    let value = failing(slow).await.unwrap_or_else(|value| value);
    slow.gate.pass().await;
    value
}

#[ttl_cached(entity = "unwanted", skip(slow), when = false)]
async fn unwanted(slow: &Slow) -> u64 {
    slow.source.read()
}

#[ttl_cached(entity = "other", skip(slow))]
async fn over_an_unwanted(slow: &Slow) -> u64 {
    let value = unwanted(slow).await;
    slow.gate.pass().await;
    value
}

#[ttl_cached(entity = "other", skip(slow))]
async fn over_a_tag(slow: &Slow) -> u64 {
    by_tag_inside(slow).await
}

type Call = Box<dyn Fn(&Larder, &Arc<Slow>) -> JoinHandle<u64>>;

/// Makes a way to call a function from a task of its own.
fn call<F: Future<Output = u64> + Send + 'static>(call: impl Fn(Arc<Slow>) -> F + 'static) -> Call {
    Box::new(move |larder, slow| tokio::spawn(larder.scope(call(Arc::clone(slow)))))
}

/// Every way to depend on a name, and the name.
fn ways() -> Vec<(&'static str, Call)> {
    vec![
        ("tools", call(async |slow: Arc<Slow>| by_entity(&slow).await)),
        ("thing:3", call(async |slow: Arc<Slow>| by_tag(&slow, 3).await)),
        ("team:5", call(async |slow: Arc<Slow>| by_result(&slow).await.0)),
        ("inside", call(async |slow: Arc<Slow>| by_tag_inside(&slow).await)),
        ("inner", call(async |slow: Arc<Slow>| by_inner(&slow).await)),
    ]
}

/// Ways to depend on a name through an inner call that is not stored.
fn unstored_ways() -> Vec<(&'static str, Call)> {
    vec![
        ("inside", call(async |slow: Arc<Slow>| over_a_tag(&slow).await)),
        ("failing", call(async |slow: Arc<Slow>| over_a_failure(&slow).await)),
        ("unwanted", call(async |slow: Arc<Slow>| over_an_unwanted(&slow).await)),
    ]
}

/// A fill begins in `a`, the value changes and is ended in `b`, the fill ends: what do later calls in `a` get?
async fn late_fill(a: &Larder, b: &Larder, name: &str, call: &Call) {
    let slow = Arc::new(Slow::default());
    slow.source.set(1);
    let early = call(a, &slow);
    slow.gate.arrived().await;
    slow.source.set(2);
    assert!(b.invalidate(name).await.unwrap().is_applied());
    slow.gate.open();
    assert_eq!(within(SOON, early).await.unwrap(), 1, "{name}: who called before may get it");
    slow.gate.open();
    assert_eq!(within(SOON, call(a, &slow)).await.unwrap(), 2, "{name}: from the tiers of the runner");
    slow.gate.open();
    assert_eq!(within(SOON, call(b, &slow)).await.unwrap(), 2, "{name}: from the tiers of the other");
}

/// As [`late_fill`], but a later caller comes while the fill still runs.
async fn late_caller(larder: &Larder, name: &str, call: &Call) {
    let slow = Arc::new(Slow::default());
    slow.source.set(1);
    let early = call(larder, &slow);
    slow.gate.arrived().await;
    slow.source.set(2);
    let _ = larder.invalidate(name).await.unwrap();
    let late = call(larder, &slow);
    // Lets the late caller come as far as it comes before the fill ends: to the body, or to waiting for the fill.
    tokio::time::sleep(Duration::from_millis(20)).await;
    slow.gate.open();
    assert_eq!(within(SOON, early).await.unwrap(), 1, "{name}");
    slow.gate.open();
    assert_eq!(within(SOON, late).await.unwrap(), 2, "{name}: a late caller joined a fill that began before");
}

#[tokio::test]
async fn a_fill_overtaken_by_an_invalidation_is_not_served_from_memory() {
    for (name, call) in ways() {
        let larder = memory().await;
        late_fill(&larder, &larder, name, &call).await;
    }
}

#[tokio::test]
async fn a_fill_overtaken_by_an_invalidation_of_its_own_process_is_not_served_over_redis() {
    for (name, call) in ways() {
        let server = RedisServer::start();
        let larder = node(&server).await;
        late_fill(&larder, &larder, name, &call).await;
    }
}

#[tokio::test]
async fn a_fill_overtaken_by_an_invalidation_of_another_process_is_not_served() {
    let server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    for (name, call) in ways() {
        let slow = Arc::new(Slow::default());
        slow.source.set(1);
        let early = call(&a, &slow);
        slow.gate.arrived().await;
        slow.source.set(2);
        let _ = b.invalidate(name).await.unwrap();
        slow.gate.open();
        within(SOON, early).await.unwrap();
        // Every later run of the body goes straight through.
        (0..10_000).for_each(|_| slow.gate.open());
        assert_eq!(within(SOON, call(&b, &slow)).await.unwrap(), 2, "{name}: where it was ended");
        eventually_async(SOON, name, async || call(&a, &slow).await.unwrap() == 2).await;
        for _ in 0..20 {
            assert_eq!(call(&a, &slow).await.unwrap(), 2, "{name}: it came back");
        }
    }
}

#[tokio::test]
async fn a_late_caller_does_not_join_a_fill_that_began_before_the_invalidation() {
    for (name, call) in ways() {
        late_caller(&memory().await, name, &call).await;
    }
}

#[tokio::test]
async fn a_late_caller_does_not_join_a_fill_whose_inner_call_began_before_the_invalidation() {
    for (name, call) in unstored_ways() {
        late_caller(&memory().await, name, &call).await;
    }
}

#[tokio::test]
async fn a_late_caller_does_not_join_a_fill_that_began_before_the_invalidation_over_redis() {
    let server = RedisServer::start();
    for (name, call) in ways() {
        let larder = node(&server).await;
        late_caller(&larder, name, &call).await;
        server.flush().await;
    }
}

#[tokio::test]
async fn a_fill_overtaken_by_an_invalidation_is_not_read_from_redis() {
    let server = RedisServer::start();
    let larder = node(&server).await;
    let call = call(async |slow: Arc<Slow>| only_in_redis(&slow).await);
    late_fill(&larder, &larder, "tools", &call).await;
}

#[tokio::test]
async fn a_name_known_from_the_result_and_ended_elsewhere_before_its_push_arrives_leaves_no_stale_value() {
    let server = RedisServer::start();
    let proxy = Proxy::before(server.port());
    let (a, b) = (node_at(&proxy.url()).await, node(&server).await);
    let warm = Source::of(1);

    #[ttl_cached(entity = "warm", skip(source))]
    async fn warmed(source: &Source, id: usize) -> u64 {
        let _ = id;
        source.read()
    }

    // Whatever connections A reads over are there; only the one that announcements come on will fall silent.
    for id in 0..50 {
        a.scope(warmed(&warm, id)).await;
    }
    for (name, call) in ways().into_iter().filter(|(name, _)| ["team:5", "inside"].contains(name)) {
        let slow = Arc::new(Slow::default());
        slow.source.set(1);
        // The name has an epoch in Redis already.
        let _ = b.invalidate(name).await.unwrap();
        let early = call(&a, &slow);
        slow.gate.arrived().await;
        proxy.silence(|number| number == 0);
        slow.source.set(2);
        let _ = b.invalidate(name).await.unwrap();
        slow.gate.open();
        tokio::time::sleep(Duration::from_millis(60)).await;
        proxy.resume();
        within(SOON, early).await.unwrap();
        (0..10_000).for_each(|_| slow.gate.open());
        eventually_async(Duration::from_secs(2), name, async || call(&a, &slow).await.unwrap() == 2).await;
    }
}

#[tokio::test]
async fn a_refresh_overtaken_by_an_invalidation_is_not_served() {
    let larder = memory().await;
    let slow = Arc::new(Slow::default());
    slow.source.set(1);
    let refreshing = {
        let (larder, slow) = (larder.clone(), Arc::clone(&slow));
        tokio::spawn(async move { larder.refresh(by_entity(&slow)).await })
    };
    slow.gate.arrived().await;
    slow.source.set(2);
    let _ = larder.invalidate("tools").await.unwrap();
    slow.gate.open();
    refreshing.await.unwrap();
    slow.gate.open();
    assert_eq!(larder.scope(by_entity(&slow)).await, 2);
    eventually(SOON, || slow.source.runs() == 2).await;
}
