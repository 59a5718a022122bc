//! What a new link costs: however many names are known, their epochs are read again in one round trip.

use std::time::Duration;

use larder::{Larder, ttl_cached};

use crate::proxy::Proxy;
use crate::server::RedisServer;
use crate::support::{SOON, Source, connected, disconnected, eventually_async, node, within};

#[ttl_cached(entity = "tools", skip(source), tags("tool:{id}"))]
async fn tool(source: &Source, id: u64) -> u64 {
    source.read() + id
}

/// Names that the link has to read again.
const NAMES: u64 = 10_000;
/// Questions of 512 names each.
const QUESTIONS: u64 = NAMES.div_ceil(512);

/// How many times the server was asked for several keys at once.
async fn questions(server: &RedisServer) -> u64 {
    let info: String = server.run("INFO commandstats").await;
    let line = info.lines().find_map(|line| line.strip_prefix("cmdstat_mget:calls="));
    line.map_or(0, |line| line.split(',').next().unwrap().parse().unwrap())
}

/// No answer comes before every question has been asked: whoever waited for one before the next would never ask it.
#[tokio::test]
async fn all_known_epochs_are_read_again_in_one_round_trip() {
    let server = RedisServer::start();
    let proxy = Proxy::before(server.port());
    // Nothing but the end of its connection takes the link down.
    let builder = Larder::builder().ignore_environment().redis(proxy.url()).namespace("it");
    let builder = builder.operation_timeout(4 * SOON).heartbeat(4 * SOON).tracking_lease(10 * SOON);
    let larder = builder.build().await.unwrap();
    connected(&larder).await;
    let other = node(&server).await;
    let source = Source::of(1);
    for id in 0..10 {
        larder.scope(tool(&source, id)).await;
    }
    let named = larder.transaction(async {
        for id in 0..NAMES {
            let _ = larder::invalidate(format!("known:{id}")).await.unwrap();
        }
    });
    within(3 * SOON, named).await;
    proxy.cut();
    disconnected(&larder).await;
    source.set(2);
    let _ = other.invalidate("tool:3").await.unwrap();
    let before = questions(&server).await;
    proxy.leave_unanswered("MGET");
    proxy.resume_connections();
    eventually_async(SOON, "every question", async || questions(&server).await >= before + QUESTIONS).await;
    assert!(!larder.stats().redis.connected, "the answers are not there");
    assert_eq!(larder.stats().redis.connects, 1);
    proxy.resume();
    connected(&larder).await;
    // One link, and one reading of each: all that is known is the names above, and a few.
    assert!(questions(&server).await <= before + QUESTIONS + 1);
    for id in 0..10 {
        let expected = if id == 3 { 2 } else { 1 };
        assert_eq!(larder.scope(tool(&source, id)).await, expected + id);
    }
    assert_eq!(source.runs(), 11, "what was not ended lives on, and what was ended does not");
    assert_eq!(larder.stats().redis.pending_invalidations, 0);
}

#[tokio::test]
async fn a_new_link_whose_epochs_are_not_answered_is_given_up_for_another() {
    let server = RedisServer::start();
    let proxy = Proxy::before(server.port());
    let builder = Larder::builder().ignore_environment().redis(proxy.url()).namespace("it");
    let larder = builder.operation_timeout(Duration::from_millis(200)).build().await.unwrap();
    connected(&larder).await;
    let source = Source::of(1);
    larder.scope(tool(&source, 1)).await;
    proxy.cut();
    disconnected(&larder).await;
    proxy.leave_unanswered("MGET");
    let before = questions(&server).await;
    proxy.resume_connections();
    eventually_async(SOON, "further attempts", async || questions(&server).await >= before + 3).await;
    assert_eq!((larder.stats().redis.connected, larder.stats().redis.connects), (false, 1));
    proxy.resume();
    connected(&larder).await;
    larder.scope(tool(&source, 1)).await;
    assert_eq!(source.runs(), 1, "nothing was ended");
}
