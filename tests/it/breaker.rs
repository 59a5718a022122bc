//! Promise 5, in time: how soon a loss is noticed, what is no loss, and what the breaker counts, over a real server.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use larder::{Breaker, Larder, ttl_cached};

use crate::noise::Noise;
use crate::proxy::{Proxy, Way};
use crate::server::RedisServer;
use crate::support::{SOON, Source, connected, eventually, node};

#[ttl_cached(entity = "tools", skip(source))]
async fn tool(source: &Source, id: u64) -> u64 {
    source.read() + id
}

/// How long a call of a new key takes, without what a busy machine adds.
async fn cold(larder: &Larder, noise: &Noise, id: u64) -> Duration {
    let (source, begun) = (Source::of(1), Instant::now());
    assert_eq!(larder.scope(tool(&source, id)).await, 1 + id);
    let ended = Instant::now();
    if ended - begun > NOTHING { noise.net(begun, ended) } else { ended - begun }
}

/// What a call costs that asks nobody.
const NOTHING: Duration = Duration::from_millis(100);

#[tokio::test]
async fn a_loss_is_noticed_within_half_a_second_and_then_costs_nothing() {
    let (server, noise) = (RedisServer::start(), Arc::new(Noise::listen()));
    let larder = node(&server).await;
    server.freeze();
    let begun = Instant::now();
    eventually(SOON, || !larder.stats().redis.connected).await;
    let noticed = noise.net(begun, Instant::now());
    assert!(noticed < Duration::from_millis(500), "noticed after {noticed:?}");
    for id in 0..20 {
        assert!(cold(&larder, &noise, id).await < NOTHING);
    }
    server.thaw();
}

/// A server that forks, or runs a slow script, falls silent for a moment: to tear every link down for it, and have every
/// process read every epoch again, would make it slower still. A question is asked every half second here, when the one
/// before was answered or missed: at the third, two are missed.
#[tokio::test]
async fn two_missed_heartbeats_in_a_row_tear_no_link_down_however_often() {
    let server = RedisServer::start();
    let proxy = Proxy::before(server.port());
    let builder = Larder::builder().ignore_environment().redis(proxy.url()).namespace("it");
    let builder = builder.heartbeat(Duration::from_millis(500)).tracking_lease(Duration::from_secs(5));
    let larder = builder.build().await.unwrap();
    connected(&larder).await;
    for _ in 0..3 {
        // Behind this, no question is without its answer.
        assert!(larder.health().await.is_up());
        proxy.count("TIME");
        proxy.hold(Way::Replies);
        eventually(SOON, || proxy.counted() == 3).await;
        assert!(larder.stats().redis.connected);
        proxy.resume();
        eventually(SOON, || proxy.counted() == 4).await;
    }
    let redis = larder.stats().redis;
    assert_eq!((redis.connected, redis.connects), (true, 1), "the link that there was");
    // A third one does.
    proxy.hold(Way::Replies);
    eventually(SOON, || !larder.stats().redis.connected).await;
}

#[tokio::test]
async fn a_wave_of_timeouts_is_one_failure() {
    let (server, noise) = (RedisServer::start(), Arc::new(Noise::listen()));
    // A link that no busy machine can lose.
    let builder = Larder::builder().ignore_environment().redis(server.url()).namespace("it");
    let larder =
        builder.heartbeat(Duration::from_secs(1)).tracking_lease(Duration::from_secs(5)).build().await.unwrap();
    connected(&larder).await;
    cold(&larder, &noise, 0).await;
    let _: String = server.run("CLIENT PAUSE 60000 WRITE").await;
    let wave: Vec<_> = (1..=50)
        .map(|id| {
            let (larder, noise) = (larder.clone(), Arc::clone(&noise));
            tokio::spawn(async move { cold(&larder, &noise, id).await })
        })
        .collect();
    for call in wave {
        assert!(call.await.unwrap() < Duration::from_secs(1));
    }
    let redis = larder.stats().redis;
    assert!(redis.failures >= 50, "all were refused: {redis:?}");
    assert_eq!(redis.breaker, Breaker::Closed, "one moment, one failure");
    assert!(redis.connected, "and no loss of the link");
}

#[tokio::test]
async fn bytes_that_cannot_be_read_and_refusals_are_no_failures_of_the_server() {
    let (server, noise) = (RedisServer::start(), Arc::new(Noise::listen()));
    let writer = node(&server).await;
    for id in 0..10 {
        cold(&writer, &noise, id).await;
    }
    for key in server.values_of("tools").await {
        let _: String = server.run(&format!("SET {key} garbage")).await;
    }
    let reader = node(&server).await;
    for id in 0..10 {
        cold(&reader, &noise, id).await;
    }
    let _: String = server.run("CONFIG SET maxmemory 1").await;
    for id in 20..30 {
        cold(&reader, &noise, id).await;
    }
    let stats = reader.stats();
    assert!(stats.total().errors >= 20, "all were counted: {stats:?}");
    assert_eq!((stats.redis.failures, stats.redis.breaker), (0, Breaker::Closed));
}

/// An instance whose link outlasts every test here, so that what is seen is the breaker alone.
async fn patient(server: &RedisServer, open: Duration) -> Larder {
    let builder = Larder::builder().ignore_environment().redis(server.url()).namespace("it");
    let builder = builder.heartbeat(Duration::from_secs(60)).tracking_lease(Duration::from_secs(180));
    let larder = builder.operation_timeout(SHORT).breaker_open(open).build().await.unwrap();
    connected(&larder).await;
    larder
}

/// The operation timeout of [`patient`].
const SHORT: Duration = Duration::from_millis(200);

async fn state(larder: &Larder, wanted: Breaker) {
    eventually(SOON, || larder.stats().redis.breaker == wanted).await;
}

/// Ends a name; whether Redis took it.
async fn end(larder: &Larder) -> bool {
    larder.invalidate("tools").await.unwrap().is_applied()
}

/// Makes a stopped server be left alone.
async fn open(server: &RedisServer, larder: &Larder) {
    server.freeze();
    for failures in 1..=3 {
        assert_eq!(larder.stats().redis.breaker, Breaker::Closed, "after {} failures", failures - 1);
        assert!(!end(larder).await);
        assert_eq!(larder.stats().redis.failures, failures);
    }
    assert_eq!(larder.stats().redis.breaker, Breaker::Open);
}

/// Lets a stopped server go on, and waits until it does.
async fn thaw(server: &RedisServer) {
    server.thaw();
    let _: String = server.run("PING").await;
}

#[tokio::test]
async fn three_failures_open_it_then_nothing_is_sent_and_after_its_time_one_call_is() {
    let server = RedisServer::start();
    let larder = patient(&server, Duration::from_secs(2)).await;
    open(&server, &larder).await;
    for _ in 0..100 {
        assert!(!end(&larder).await);
    }
    assert_eq!(larder.stats().redis.failures, 3, "nothing was sent that could fail");
    state(&larder, Breaker::HalfOpen).await;
    let wave: Vec<_> = (0..50)
        .map(|_| {
            let larder = larder.clone();
            tokio::spawn(async move { end(&larder).await })
        })
        .collect();
    for call in wave {
        assert!(!call.await.unwrap());
    }
    let redis = larder.stats().redis;
    assert_eq!((redis.failures, redis.breaker), (4, Breaker::Open), "one of fifty was sent, and failed");
    thaw(&server).await;
    state(&larder, Breaker::HalfOpen).await;
    assert!(end(&larder).await, "the one that is sent is answered");
    let redis = larder.stats().redis;
    assert_eq!((redis.failures, redis.breaker, redis.connects), (4, Breaker::Closed, 1), "all over one link");
    // What was ended meanwhile is delivered, and the row of failures begins anew.
    eventually(SOON, || larder.stats().redis.pending_invalidations == 0).await;
    server.freeze();
    for _ in 0..2 {
        assert!(!end(&larder).await);
    }
    assert_eq!(larder.stats().redis.breaker, Breaker::Closed, "two are no three");
    server.thaw();
}

/// Begins a call, and drops it; whether that was before there was an answer.
async fn begin_and_drop<F: Future>(call: F) -> bool {
    let mut call = Box::pin(call);
    poll_fn(|context| Poll::Ready(call.as_mut().poll(context))).await.is_pending()
}

#[tokio::test]
async fn a_probe_whose_caller_is_gone_comes_to_its_end_and_frees_its_place() {
    for writes in [true, false] {
        let server = RedisServer::start();
        let larder = patient(&server, Duration::from_millis(500)).await;
        let (source, redis) = (Source::of(1), || larder.stats().redis);
        let probe = async || match writes {
            true => begin_and_drop(larder.invalidate("tools")).await,
            false => begin_and_drop(larder.scope(tool(&source, 1))).await,
        };
        server.freeze();
        for _ in 0..3 {
            let _ = if writes { end(&larder).await } else { larder.health().await.is_up() };
        }
        for failures in 4..=5 {
            state(&larder, Breaker::HalfOpen).await;
            assert!(probe().await);
            eventually(SOON, || redis().failures == failures).await;
        }
        assert_eq!(source.runs(), 0);
        thaw(&server).await;
        state(&larder, Breaker::HalfOpen).await;
        // The answer may be there before this thread looks for it.
        let _ = probe().await;
        state(&larder, Breaker::Closed).await;
        assert_eq!((redis().failures, redis().connects), (5, 1));
        assert!(end(&larder).await);
    }
}

#[tokio::test]
async fn reads_and_writes_are_counted_apart_and_calls_are_answered_all_the_same() {
    let server = RedisServer::start();
    let larder = patient(&server, Duration::from_secs(60)).await;
    let failures = || larder.stats().redis.failures;
    server.freeze();
    for sent in [1, 2, 3, 3, 3] {
        assert!(!larder.health().await.is_up());
        assert_eq!(failures(), sent, "questions");
    }
    assert_eq!(larder.stats().redis.breaker, Breaker::Open);
    for sent in [4, 5, 6, 6, 6] {
        assert!(!end(&larder).await);
        assert_eq!(failures(), sent, "writes");
    }
    let source = Source::of(1);
    for id in 0..20 {
        assert_eq!(larder.scope(tool(&source, id)).await, 1 + id);
    }
    assert_eq!((source.runs(), failures()), (20, 6), "nothing is asked");
    server.thaw();
}

#[tokio::test]
async fn a_call_waits_for_the_operation_timeout_and_no_longer() {
    let server = RedisServer::start();
    let builder = Larder::builder().ignore_environment().redis(server.url()).namespace("it");
    let builder = builder.heartbeat(Duration::from_secs(60)).tracking_lease(Duration::from_secs(180));
    let larder = builder.build().await.unwrap();
    connected(&larder).await;
    server.freeze();
    let begun = Instant::now();
    // Another timer on the same machine: whatever delays the one delays the other.
    let twice = tokio::time::sleep(Duration::from_millis(950));
    tokio::select! { biased; applied = end(&larder) => assert!(!applied), () = twice => panic!("{:?}", begun.elapsed()) }
    assert!(begun.elapsed() >= Duration::from_millis(490), "given up after {:?}", begun.elapsed());
    server.thaw();
}
