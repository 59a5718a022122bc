//! Promise 5, in time: how soon a loss is noticed, what is no loss, and what the breaker counts, over a real server.

use std::sync::Arc;
use std::time::{Duration, Instant};

use larder::{Breaker, Larder, ttl_cached};

use crate::noise::Noise;
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
/// process read every epoch again, would make it slower still.
#[tokio::test]
async fn short_stalls_in_a_row_tear_no_link_down() {
    let (server, noise) = (RedisServer::start(), Arc::new(Noise::listen()));
    let larder = node(&server).await;
    let mut raw = server.raw().await;
    let mut longer = 0;
    for id in 0..10 {
        let begun = Instant::now();
        let stalled: redis::Value = redis::cmd("DEBUG").arg("SLEEP").arg("0.27").query_async(&mut raw).await.unwrap();
        assert_eq!(stalled, redis::Value::Okay);
        // A busy machine makes some longer than they were meant to be.
        longer += u64::from(begun.elapsed() > Duration::from_millis(300));
        cold(&larder, &noise, id).await;
    }
    let connects = larder.stats().redis.connects;
    assert!(connects <= 2 + longer, "{connects} links in ten stalls, of which {longer} were longer");
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
