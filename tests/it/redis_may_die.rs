//! Promise 5: functions keep answering without Redis, quickly, and it is taken up again when it is back.

use std::time::{Duration, Instant};

use larder::{Larder, invalidates, ttl_cached};

use crate::server::RedisServer;
use crate::support::{SOON, Source, connected, disconnected, eventually, eventually_async, node, within};

#[ttl_cached(entity = "tools", skip(source))]
async fn tool(source: &Source, id: u64) -> u64 {
    source.read() + id
}

#[ttl_cached(entity = "tools", skip(source))]
fn tool_of_a_thread(source: &Source, id: u64) -> u64 {
    source.read() + id
}

/// The operation timeout, and the margin of a busy machine.
const ONE_OPERATION: Duration = Duration::from_millis(800);
/// No operation at all, and the margin.
const NOTHING: Duration = Duration::from_millis(250);

/// Asserts that calls of new keys take no longer than this each.
async fn quick(larder: &Larder, limit: Duration, ids: std::ops::Range<u64>) {
    let source = Source::of(1);
    for id in ids {
        let begun = Instant::now();
        assert_eq!(larder.scope(tool(&source, id)).await, 1 + id);
        assert!(begun.elapsed() < limit, "a call took {:?}", begun.elapsed());
    }
}

/// Two instances share what they compute.
async fn shared(a: &Larder, b: &Larder, id: u64) {
    let source = Source::of(1);
    a.scope(tool(&source, id)).await;
    b.scope(tool(&source, id)).await;
    assert_eq!(source.runs(), 1, "not shared");
}

#[tokio::test]
async fn a_server_that_never_was_costs_nothing() {
    let server = RedisServer::absent();
    let begun = Instant::now();
    let larder = Larder::builder().ignore_environment().redis(server.url()).build().await.unwrap();
    assert!(begun.elapsed() < ONE_OPERATION, "building took {:?}", begun.elapsed());
    quick(&larder, NOTHING, 0..20).await;
    let source = Source::of(1);
    larder.scope(tool(&source, 99)).await;
    larder.scope(tool(&source, 99)).await;
    assert_eq!(source.runs(), 1, "memory answers meanwhile");
    assert!(!larder.health().await.is_up());
    assert!(!larder.invalidate("tools").await.unwrap().is_applied());
    larder.scope(tool(&source, 99)).await;
    assert_eq!(source.runs(), 2, "an invalidation counts here at once");
}

#[tokio::test]
async fn a_server_that_comes_later_is_taken_up() {
    let mut server = RedisServer::absent();
    let builder = || Larder::builder().ignore_environment().namespace("it").redis(server.url());
    let (a, b) = (builder().build().await.unwrap(), builder().build().await.unwrap());
    let source = Source::of(1);
    a.scope(tool(&source, 0)).await;
    server.restart();
    connected(&a).await;
    connected(&b).await;
    shared(&a, &b, 1).await;
    assert!(a.health().await.is_up());
}

#[tokio::test]
async fn a_killed_server_delays_nothing_and_is_taken_up_again() {
    let mut server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    shared(&a, &b, 0).await;
    server.kill();
    quick(&a, ONE_OPERATION, 10..20).await;
    disconnected(&a).await;
    quick(&a, NOTHING, 20..40).await;
    server.restart();
    connected(&a).await;
    connected(&b).await;
    shared(&a, &b, 50).await;
    assert_eq!(a.stats().redis.connects, 2);
}

#[tokio::test]
async fn a_stopped_server_delays_a_call_by_one_operation_and_then_nothing() {
    let server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    server.freeze();
    quick(&a, ONE_OPERATION, 0..1).await;
    disconnected(&a).await;
    quick(&a, NOTHING, 10..30).await;
    let source = Source::of(1);
    let begun = Instant::now();
    a.run(|| tool_of_a_thread(&source, 0));
    assert!(begun.elapsed() < NOTHING, "a sync function took {:?}", begun.elapsed());
    server.thaw();
    connected(&a).await;
    connected(&b).await;
    shared(&a, &b, 50).await;
}

#[tokio::test]
async fn a_server_that_refuses_writes_delays_nothing_for_long() {
    let server = RedisServer::start();
    let larder = node(&server).await;
    quick(&larder, ONE_OPERATION, 0..1).await;
    let _: String = server.run("CLIENT PAUSE 20000 WRITE").await;
    // Three failures open the breaker.
    quick(&larder, 2 * ONE_OPERATION, 10..14).await;
    quick(&larder, NOTHING, 20..24).await;
}

#[tokio::test]
async fn a_full_server_takes_invalidations_and_its_refusals_are_counted() {
    let server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    let source = Source::of(1);
    a.scope(tool(&source, 0)).await;
    b.scope(tool(&source, 0)).await;
    let _: String = server.run("CONFIG SET maxmemory 1").await;
    source.set(2);
    assert!(a.invalidate("tools").await.unwrap().is_applied(), "an invalidation must get through");
    eventually_async(SOON, "the other", async || b.scope(tool(&source, 0)).await == 2).await;
    eventually_async(SOON, "a counted refusal", async || {
        b.scope(tool(&source, b.stats().total().misses + 100)).await;
        b.stats().total().errors > 0
    })
    .await;
}

#[tokio::test]
async fn an_invalidation_made_meanwhile_is_delivered_before_the_first_read() {
    let mut server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    let source = Source::of(1);
    a.scope(tool(&source, 0)).await;
    b.scope(tool(&source, 0)).await;
    assert_eq!(source.runs(), 1);
    // The server keeps the value and the epochs over its restart.
    let _: String = server.run("SAVE").await;
    server.kill();
    disconnected(&a).await;
    source.set(2);
    assert!(!a.invalidate("tools").await.unwrap().is_applied());
    assert_eq!(a.stats().redis.pending_invalidations, 1);
    assert_eq!(a.scope(tool(&source, 0)).await, 2, "here at once");
    server.restart();
    connected(&a).await;
    assert_eq!(a.stats().redis.pending_invalidations, 0, "delivered before the link is up");
    assert_eq!(a.scope(tool(&source, 0)).await, 2);
    connected(&b).await;
    eventually_async(SOON, "there too", async || b.scope(tool(&source, 0)).await == 2).await;
}

#[tokio::test]
async fn an_invalidation_that_was_not_answered_is_sent_again() {
    let server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    let source = Source::of(1);
    b.scope(tool(&source, 0)).await;
    server.freeze();
    source.set(2);
    let begun = Instant::now();
    assert!(!a.invalidate("tools").await.unwrap().is_applied());
    assert!(begun.elapsed() < ONE_OPERATION, "it took {:?}", begun.elapsed());
    server.thaw();
    eventually(SOON, || a.stats().redis.pending_invalidations == 0).await;
    eventually_async(SOON, "there too", async || b.scope(tool(&source, 0)).await == 2).await;
}

#[tokio::test]
async fn a_dropped_invalidation_is_carried_out() {
    let server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    let source = Source::of(1);
    b.scope(tool(&source, 0)).await;
    source.set(2);
    let mut invalidating = Box::pin(a.invalidate("tools"));
    // Polled once, then dropped.
    let _ = std::future::poll_fn(|cx| std::task::Poll::Ready(invalidating.as_mut().poll(cx).is_ready())).await;
    drop(invalidating);
    eventually_async(SOON, "there", async || b.scope(tool(&source, 0)).await == 2).await;
}

#[tokio::test]
async fn many_restarts_need_no_restart_here() {
    let mut server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    for round in 0..4 {
        shared(&a, &b, round).await;
        server.kill();
        within(SOON, quick(&a, ONE_OPERATION, 100..103)).await;
        server.restart();
        connected(&a).await;
        connected(&b).await;
        // A link that has just come up may still be the former one.
        eventually(SOON, || a.stats().redis.connects == round + 2 && b.stats().redis.connects == round + 2).await;
    }
}

#[tokio::test]
async fn a_write_that_ends_nothing_sends_nothing() {
    #[invalidates("tool:{ret}", on = always)]
    async fn fails(id: u64) -> Result<u64, u64> {
        Err(id)
    }

    let server = RedisServer::start();
    let larder = node(&server).await;
    for id in 0..5 {
        assert_eq!(larder.scope(fails(id)).await, Err(id));
    }
    let redis = larder.stats().redis;
    assert_eq!((redis.failures, redis.breaker), (0, larder::Breaker::Closed));
}

#[tokio::test]
async fn many_invalidations_made_meanwhile_are_all_delivered() {
    let mut server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    let source = Source::of(1);
    b.scope(tool(&source, 0)).await;
    server.kill();
    disconnected(&a).await;
    for id in 0..5_000 {
        assert!(!a.invalidate(format!("kv:{id}")).await.unwrap().is_applied());
    }
    source.set(2);
    assert!(!a.invalidate("tools").await.unwrap().is_applied());
    server.restart();
    connected(&a).await;
    connected(&b).await;
    eventually(SOON, || a.stats().redis.pending_invalidations == 0).await;
    assert_eq!(b.scope(tool(&source, 0)).await, 2);
}
