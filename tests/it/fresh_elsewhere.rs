//! Promise 2: what another process ended is gone: pushed, at once, within the tracking lease, or within the ttl.

use std::time::{Duration, Instant};

use larder::{Larder, hexsha_cached, ttl_cached};

use crate::node::{Node, SOURCE, tools};
use crate::proxy::Proxy;
use crate::server::RedisServer;
use crate::support::{Config, SOON, Source, connected, eventually, eventually_async, node, node_at};

#[ttl_cached(entity = "tools", skip(source))]
async fn tool(source: &Source, id: u64) -> u64 {
    source.read() + id
}

#[ttl_cached(entity = "tools", skip(source), coherence = strict)]
async fn strict_tool(source: &Source) -> u64 {
    source.read()
}

#[ttl_cached(entity = "tools", skip(source), coherence = strict)]
async fn strict_and_tagged(source: &Source, id: u64) -> u64 {
    larder::tag("vault");
    source.read() + id
}

#[ttl_cached(entity = "tools", skip(source), coherence = ttl, ttl = "2s", jitter = 0)]
async fn aging_tool(source: &Source) -> u64 {
    source.read()
}

#[ttl_cached(entity = "pages", skip(source))]
async fn page(source: &Source) -> u64 {
    tool(source, 0).await
}

#[hexsha_cached(skip(source))]
async fn issuer(config: &Config, source: &Source) -> u64 {
    larder::tag("issuer");
    source.read()
}

#[tokio::test]
async fn a_push_ends_a_tracked_value_within_milliseconds() {
    let server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    let source = Source::of(0);
    a.scope(tool(&source, 0)).await;
    let mut delays = Vec::new();
    for value in 1..=200 {
        source.set(value);
        assert!(b.invalidate("tools").await.unwrap().is_applied());
        let ended = Instant::now();
        eventually_async(Duration::from_secs(1), "the push", async || a.scope(tool(&source, 0)).await == value).await;
        delays.push(ended.elapsed());
    }
    delays.sort_unstable();
    println!("push: p50 {:?}, p99 {:?}, longest {:?}", delays[100], delays[198], delays[199]);
    assert!(delays[100] < Duration::from_millis(100), "half of the pushes took {:?}", delays[100]);
}

#[tokio::test]
async fn another_process_is_told_and_shares_what_it_computes() {
    let server = RedisServer::start();
    let here = node(&server).await;
    let mut there = Node::over(&server.url());
    assert_eq!(there.ask("connected"), "connected");
    there.ask("set 10");
    assert_eq!(there.ask("tools 1"), "11");
    assert_eq!(here.scope(tools(1)).await, 11, "computed there, read here");
    SOURCE.set(20);
    there.ask("set 20");
    assert_eq!(there.ask("invalidate tools"), "true");
    eventually_async(SOON, "a push", async || here.scope(tools(1)).await == 21).await;
    SOURCE.set(30);
    there.ask("set 30");
    let _ = here.invalidate("tools").await.unwrap();
    eventually(SOON, || there.ask("tools 1") == "31").await;
}

#[tokio::test]
async fn a_strict_value_is_ended_at_once() {
    let server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    let source = Source::of(0);
    for value in 1..=100 {
        a.scope(strict_tool(&source)).await;
        source.set(value);
        let _ = b.invalidate("tools").await.unwrap();
        assert_eq!(a.scope(strict_tool(&source)).await, value);
    }
    let runs = source.runs();
    a.scope(strict_tool(&source)).await;
    assert_eq!(source.runs(), runs, "it is cached all the same");
}

#[tokio::test]
async fn a_strict_value_of_redis_is_ended_at_once_while_announcements_are_held_back() {
    let server = RedisServer::start();
    let proxy = Proxy::before(server.port());
    let (a, b) = (node_at(&proxy.url()).await, node(&server).await);
    let source = Source::of(1);
    // A knows the epoch of the tag, by whatever connections it has; B has stored a value that A has not seen.
    let stored = async || {
        a.scope(strict_and_tagged(&source, 0)).await;
        b.scope(strict_and_tagged(&source, 7)).await;
        server.values_of("tools").await.len() == 2
    };
    eventually_async(SOON, "both stored", stored).await;
    proxy.silence(|number| number == 0);
    source.set(2);
    let _ = b.invalidate("vault").await.unwrap();
    assert_eq!(a.scope(strict_and_tagged(&source, 7)).await, 9, "stored by B before the tag was ended");
}

#[tokio::test]
async fn a_ttl_value_needs_no_link_and_lives_no_longer_than_its_ttl() {
    let server = RedisServer::start();
    let proxy = Proxy::before(server.port());
    let (a, b) = (node_at(&proxy.url()).await, node(&server).await);
    let source = Source::of(1);
    a.scope(aging_tool(&source)).await;
    let stored = Instant::now();
    proxy.silence_all();
    source.set(2);
    let _ = b.invalidate("tools").await.unwrap();
    tokio::time::sleep_until((stored + Duration::from_millis(1_500)).into()).await;
    assert_eq!(a.scope(aging_tool(&source)).await, 1, "the dead link is no reason");
    tokio::time::sleep_until((stored + Duration::from_millis(2_050)).into()).await;
    assert_eq!(a.scope(aging_tool(&source)).await, 2);
}

/// Calls until what is new is seen; fails when the old is seen later than `limit` after it was ended.
async fn gone_within(limit: Duration, ended: Instant, new: u64, mut call: impl AsyncFnMut() -> u64) {
    loop {
        let asked = ended.elapsed();
        if call().await == new {
            return;
        }
        assert!(asked < limit, "an old value {asked:?} after it was ended");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The tracking lease, and the margin of a busy machine.
const LEASE: Duration = Duration::from_millis(1_150);

#[tokio::test]
async fn a_silent_network_keeps_no_value_longer_than_the_tracking_lease() {
    let server = RedisServer::start();
    let proxy = Proxy::before(server.port());
    let (a, b) = (node_at(&proxy.url()).await, node(&server).await);
    let source = Source::of(1);
    a.scope(tool(&source, 0)).await;
    proxy.silence_all();
    source.set(2);
    assert!(b.invalidate("tools").await.unwrap().is_applied());
    gone_within(LEASE, Instant::now(), 2, async || a.scope(tool(&source, 0)).await).await;
    proxy.resume();
    connected(&a).await;
}

#[tokio::test]
async fn a_stopped_server_keeps_no_value_longer_than_the_tracking_lease() {
    let server = RedisServer::start();
    let a = node(&server).await;
    let source = Source::of(1);
    a.scope(tool(&source, 0)).await;
    server.freeze();
    let frozen = Instant::now();
    source.set(2);
    gone_within(LEASE, frozen, 2, async || a.scope(tool(&source, 0)).await).await;
    server.thaw();
}

#[tokio::test]
async fn staleness_does_not_grow_with_the_depth_of_the_stack() {
    let server = RedisServer::start();
    let proxy = Proxy::before(server.port());
    let (a, b) = (node_at(&proxy.url()).await, node(&server).await);
    let source = Source::of(1);
    a.scope(tool(&source, 0)).await;
    proxy.silence_all();
    let ended = Instant::now();
    source.set(2);
    assert!(b.invalidate("tools").await.unwrap().is_applied());
    // The inner value is as old as the lease allows when the outer one is made of it.
    tokio::time::sleep_until((ended + Duration::from_millis(800)).into()).await;
    a.scope(page(&source)).await;
    gone_within(LEASE, ended, 2, async || a.scope(page(&source)).await).await;
}

#[tokio::test]
async fn a_value_read_from_redis_over_a_half_dead_link_is_not_trusted_longer_than_the_lease() {
    let server = RedisServer::start();
    let proxy = Proxy::before(server.port());
    // A slow heartbeat: the link counts as up for a while after it fell silent.
    let slow = Larder::builder().ignore_environment().namespace("it").heartbeat(Duration::from_millis(450));
    let (a, b) = (slow.redis(proxy.url()).build().await.unwrap(), node(&server).await);
    connected(&a).await;
    let source = Source::of(1);
    for id in 100..150 {
        a.scope(tool(&source, id)).await;
    }
    b.scope(tool(&source, 0)).await;
    proxy.silence(|number| number == 0);
    let ended = Instant::now();
    source.set(2);
    assert!(b.invalidate("tools").await.unwrap().is_applied());
    tokio::time::sleep_until((ended + Duration::from_millis(700)).into()).await;
    gone_within(LEASE, ended, 2, async || a.scope(tool(&source, 0)).await).await;
}

#[tokio::test]
async fn a_tag_ended_elsewhere_ends_a_revision_value_within_the_lease_of_a_dead_link() {
    let server = RedisServer::start();
    let proxy = Proxy::before(server.port());
    let (a, b) = (node_at(&proxy.url()).await, node(&server).await);
    let source = Source::of(1);
    eventually_async(SOON, "stored", async || {
        let runs = source.runs();
        a.scope(issuer(&Config("r1"), &source)).await;
        source.runs() == runs
    })
    .await;
    proxy.silence_all();
    source.set(2);
    assert!(b.invalidate("issuer").await.unwrap().is_applied());
    gone_within(LEASE, Instant::now(), 2, async || a.scope(issuer(&Config("r1"), &source)).await).await;
}

#[tokio::test]
async fn what_nobody_ended_lives_on_after_the_link_came_back() {
    let server = RedisServer::start();
    let proxy = Proxy::before(server.port());
    let (a, b) = (node_at(&proxy.url()).await, node(&server).await);
    let (tools, users) = (Source::of(1), Source::of(1));

    #[ttl_cached(entity = "users", skip(source))]
    async fn user(source: &Source) -> u64 {
        source.read()
    }

    a.scope(tool(&tools, 0)).await;
    a.scope(user(&users)).await;
    proxy.silence_all();
    eventually(SOON, || !a.stats().redis.connected).await;
    tools.set(2);
    let _ = b.invalidate("tools").await.unwrap();
    proxy.resume();
    connected(&a).await;
    assert_eq!(a.scope(tool(&tools, 0)).await, 2, "ended while A was deaf");
    a.scope(user(&users)).await;
    assert_eq!(users.runs(), 1, "not ended");
}

#[tokio::test]
async fn a_link_that_answers_but_never_comes_up_is_no_link() {
    let server = RedisServer::start();
    let _: String = server.run("ACL SETUSER a on >secret ~* &* +@all").await;
    let (a, b) = (node_at(&server.url().replace("redis://", "redis://a:secret@")).await, node(&server).await);
    let source = Source::of(1);
    a.scope(tool(&source, 0)).await;
    // From now on A can connect, subscribe and ask for the time, and nothing that makes a link of it.
    let _: String = server.run("ACL SETUSER a -info").await;
    let killed: u64 = server.run("CLIENT KILL USER a").await;
    assert_eq!(killed, 1);
    source.set(2);
    assert!(b.invalidate("tools").await.unwrap().is_applied());
    gone_within(LEASE, Instant::now(), 2, async || a.scope(tool(&source, 0)).await).await;
    assert!(!a.stats().redis.connected);
}
