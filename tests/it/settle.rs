//! A source with lag: what is computed within the settle window after an end is answered and stored nowhere.

use std::time::{Duration, Instant};

use larder::{Larder, ttl_cached};

use crate::server::RedisServer;
use crate::support::{SOON, Source, connected, eventually_async};

const LAG: Duration = Duration::from_millis(1_500);

#[ttl_cached(entity = "tools", skip(replica), tags("tool:{id}", ("late", ret)))]
async fn tool(replica: &Source, id: u64) -> u64 {
    replica.read() + id
}

#[ttl_cached(entity = "tools", skip(replica), store = memory)]
async fn here(replica: &Source, id: u64) -> u64 {
    replica.read() + id
}

/// Calls until the second of two calls is a hit; when the first of them was begun.
async fn stored(larder: &Larder, replica: &Source) -> Instant {
    let mut begun = Instant::now();
    eventually_async(SOON, "stored", async || {
        let at = Instant::now();
        larder.scope(tool(replica, 0)).await;
        let runs = replica.runs();
        larder.scope(tool(replica, 0)).await;
        begun = at;
        replica.runs() == runs
    })
    .await;
    begun
}

async fn node(server: &RedisServer) -> Larder {
    let builder = Larder::builder().ignore_environment().redis(server.url()).namespace("it").settle(LAG);
    let larder = builder.build().await.unwrap();
    connected(&larder).await;
    larder
}

#[tokio::test]
async fn a_replica_that_lags_leaves_nothing_stale_here_or_there() {
    let server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    let replica = Source::of(1);
    stored(&a, &replica).await;
    assert_eq!(b.scope(tool(&replica, 0)).await, 1);
    // The write is committed and announced; the replica does not show it yet.
    let ended = Instant::now();
    assert!(a.invalidate("tools").await.unwrap().is_applied());
    for larder in [&a, &b] {
        eventually_async(SOON, "the announcement", async || {
            let runs = replica.runs();
            larder.scope(tool(&replica, 0)).await;
            replica.runs() > runs
        })
        .await;
    }
    assert!(ended.elapsed() < LAG, "the test itself is too slow");
    replica.set(2);
    for larder in [&a, &b] {
        assert_eq!(larder.scope(tool(&replica, 0)).await, 2, "nothing that lagged was stored");
    }
    // One that has just come learns from Redis alone that the epoch is young.
    let c = node(&server).await;
    if ended.elapsed() < LAG / 2 {
        let runs = replica.runs();
        c.scope(tool(&replica, 0)).await;
        c.scope(tool(&replica, 0)).await;
        assert_eq!(replica.runs(), runs + 2);
    }
    let begun = stored(&b, &replica).await;
    assert!(begun.duration_since(ended) >= LAG, "stored after {:?}", begun.duration_since(ended));
}

#[tokio::test]
async fn every_way_to_end_opens_the_window_on_the_moved_clock() {
    for redis in [true, false] {
        let here_alone = Larder::builder().settle(Duration::from_secs(3)).testing().unwrap();
        let larder = if redis { here_alone.another() } else { here_alone.without_redis() };
        let replica = Source::of(0);
        let computed = async |expected: u64, what: &str| {
            let runs = replica.runs();
            for _ in 0..2 {
                larder.scope(tool(&replica, 0)).await;
            }
            assert_eq!(replica.runs() - runs, expected, "{what}, over Redis: {redis}");
        };
        // A name that Redis has just given its first epoch may have lost one.
        larder.scope(tool(&replica, 0)).await;
        larder.clock().advance(Duration::from_secs(3));
        computed(u64::from(redis), "at first").await;
        for name in ["tools", "tool:0", "late:0"] {
            let _ = larder.invalidate(name).await.unwrap();
            computed(2, name).await;
            larder.clock().advance(Duration::from_millis(2_999));
            computed(2, name).await;
            larder.clock().advance(Duration::from_millis(1));
            computed(1, name).await;
        }
        let _ = larder.scope(larder::forget(tool(&replica, 0))).await.unwrap();
        computed(2, "the entry").await;
        larder.clock().advance(Duration::from_secs(3));
        computed(1, "the entry").await;
        let _ = larder.clear().await.unwrap();
        computed(2, "everything").await;
        larder.clock().advance(Duration::from_secs(3));
        computed(1, "everything").await;
    }
}

#[tokio::test]
async fn what_is_kept_in_memory_alone_waits_for_ends_that_this_process_did_not_hear() {
    let a = Larder::builder().settle(Duration::from_secs(3)).testing().unwrap();
    let replica = Source::of(0);
    a.scope(here(&replica, 0)).await;
    a.clock().advance(Duration::from_secs(3));
    let _ = a.scope(larder::forget(here(&replica, 0))).await.unwrap();
    let b = a.another();
    let runs = replica.runs();
    b.scope(here(&replica, 0)).await;
    b.scope(here(&replica, 0)).await;
    assert_eq!(replica.runs(), runs + 2);
    b.clock().advance(Duration::from_secs(3));
    b.scope(here(&replica, 0)).await;
    b.scope(here(&replica, 0)).await;
    assert_eq!(replica.runs(), runs + 3);
}

#[tokio::test]
async fn a_body_that_began_in_the_window_stores_nothing_however_late_it_ends() {
    use crate::support::Gate;

    #[ttl_cached(entity = "slow", skip(replica, gate), tags(("late", ret)))]
    async fn slow(replica: &Source, gate: &Gate) -> u64 {
        let value = replica.read();
        gate.pass().await;
        value
    }

    for name in ["slow", "late:1"] {
        let larder = Larder::builder().settle(Duration::from_secs(3)).testing().unwrap();
        let (replica, gate) = (Source::of(1), Gate::default());
        larder.clock().advance(Duration::from_secs(3));
        let _ = larder.invalidate(name).await.unwrap();
        let clock = async {
            gate.arrived().await;
            larder.clock().advance(Duration::from_secs(10));
            replica.set(2);
            gate.open();
        };
        let (early, ()) = tokio::join!(larder.scope(slow(&replica, &gate)), clock);
        assert_eq!(early, 1);
        gate.open();
        assert_eq!(larder.scope(slow(&replica, &gate)).await, 2, "{name}");
    }
}

#[tokio::test]
async fn a_window_longer_than_an_hour_is_refused() {
    let built = Larder::builder().ignore_environment().settle(Duration::from_secs(3_601)).build().await;
    assert!(built.unwrap_err().to_string().contains("settle: "));
}
