//! `larder::forget` and `#[invalidates(call)]`: exactly the entry of a call is ended, everywhere, and never comes back.

use larder::{Larder, hexsha_cached, invalidates, ttl_cached};

use crate::proxy::Proxy;
use crate::server::RedisServer;
use crate::support::{
    Config, SOON, Source, connected, disconnected, eventually, eventually_async, memory, node, node_at,
};

#[ttl_cached(entity = "tools", skip(source), ttl = "60s")]
async fn tool(source: &Source, id: u64, team: &str) -> u64 {
    source.read() + id + team.len() as u64
}

#[ttl_cached(entity = "tools", skip(source), ttl = "60s", store = memory)]
async fn local_tool(source: &Source, id: u64) -> u64 {
    source.read() + id
}

#[ttl_cached(entity = "tools", skip(source), coherence = strict, ttl = "60s")]
async fn strict_tool(source: &Source, id: u64) -> u64 {
    source.read() + id
}

#[ttl_cached(entity = "pages", skip(source), ttl = "60s")]
async fn page(source: &Source, first: u64) -> u64 {
    tool(source, first, "").await + tool(source, first + 1, "").await
}

#[hexsha_cached(skip(source))]
async fn issuer(config: &Config, source: &Source) -> u64 {
    source.read()
}

#[hexsha_cached(skip(source), store = tiered)]
async fn shared_issuer(config: &Config, source: &Source, host: &str) -> u64 {
    source.read() + host.len() as u64
}

#[invalidates(tool(source, id, team))]
async fn rename(source: &Source, id: u64, team: &str, works: bool) -> Result<u64, ()> {
    source.set(source.read() + 100);
    if works { Ok(id) } else { Err(()) }
}

#[invalidates(plain(ret.0), "pages")]
async fn create(id: u64) -> (u64, u64) {
    (id, 0)
}

#[ttl_cached(entity = "plain", ttl = "60s")]
async fn plain(id: u64) -> u64 {
    another(id)
}

/// Another number at each call.
fn another(id: u64) -> u64 {
    static CALLS: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    CALLS.fetch_add(1, std::sync::atomic::Ordering::SeqCst) * 1_000 + id
}

struct Tools {
    source: Source,
}

impl Tools {
    #[ttl_cached(entity = "tools", key(id), ttl = "60s")]
    async fn get(&self, id: u64) -> u64 {
        self.source.read() + id
    }

    #[invalidates(self.get(id))]
    async fn put(&self, id: u64, value: u64) {
        self.source.set(value + id - id);
    }
}

#[tokio::test]
async fn exactly_one_entry_is_ended_and_no_body_runs_for_it() {
    let larder = memory().await;
    let source = Source::of(10);
    larder
        .scope(async {
            for id in 0..100 {
                tool(&source, id, "a").await;
                tool(&source, id, "b").await;
            }
            source.set(20);
            let runs = source.runs();
            let receipt = larder::forget(tool(&source, 7, "a")).await.unwrap();
            assert!(receipt.is_applied());
            assert_eq!(source.runs(), runs, "no body runs to find out an entry");
            assert_eq!(tool(&source, 7, "a").await, 28);
            for id in 0..100 {
                tool(&source, id, "a").await;
                tool(&source, id, "b").await;
            }
            assert_eq!(source.runs(), runs + 1, "all others live on");
        })
        .await;
}

#[tokio::test]
async fn a_write_names_the_entry_by_the_call_itself() {
    let larder = memory().await;
    let source = Source::of(0);
    larder
        .scope(async {
            tool(&source, 1, "a").await;
            tool(&source, 2, "a").await;
            let runs = source.runs();
            assert!(rename(&source, 1, "a", false).await.is_err());
            tool(&source, 1, "a").await;
            assert_eq!(source.runs(), runs + 1, "a failed write ends nothing: only its own read was counted");
            rename(&source, 1, "a", true).await.unwrap();
            let (one, two) = (tool(&source, 1, "a").await, tool(&source, 2, "a").await);
            assert_eq!((one, two), (source.read() + 2, 3));

            let (kept, ended) = (plain(1).await, plain(2).await);
            create(2).await;
            assert_eq!(plain(1).await, kept);
            assert_ne!(plain(2).await, ended, "named by the result");

            let tools = Tools { source: Source::of(1) };
            assert_eq!((tools.get(1).await, tools.get(2).await), (2, 3));
            tools.put(1, 50).await;
            assert_eq!((tools.get(1).await, tools.get(2).await), (51, 3));
        })
        .await;
}

#[tokio::test]
async fn other_processes_lose_exactly_that_entry() {
    let server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    let source = Source::of(10);
    for node in [&a, &b] {
        for id in 0..50 {
            node.scope(tool(&source, id, "")).await;
            node.scope(local_tool(&source, id)).await;
        }
    }
    source.set(20);
    let runs = source.runs();
    assert!(a.scope(larder::forget(tool(&source, 7, ""))).await.unwrap().is_applied());
    assert!(a.scope(larder::forget(local_tool(&source, 7))).await.unwrap().is_applied());
    eventually_async(SOON, "the push", async || b.scope(tool(&source, 7, "")).await == 27).await;
    eventually_async(SOON, "the push", async || b.scope(local_tool(&source, 7)).await == 27).await;
    assert_eq!(a.scope(local_tool(&source, 7)).await, 27);
    for node in [&a, &b] {
        for id in 0..50 {
            let expected = if id == 7 { 27 } else { 10 + id };
            assert_eq!(node.scope(tool(&source, id, "")).await, expected);
            assert_eq!(node.scope(local_tool(&source, id)).await, expected);
        }
    }
    assert_eq!(source.runs(), runs + 3, "one shared, one each of those that are not");
}

#[tokio::test]
async fn a_new_process_does_not_read_the_old_value() {
    let server = RedisServer::start();
    let a = node(&server).await;
    let source = Source::of(10);
    a.scope(tool(&source, 1, "")).await;
    a.scope(tool(&source, 2, "")).await;
    eventually_async(SOON, "both stored", async || server.keys_with("tool").await.len() >= 2).await;
    source.set(20);
    a.scope(larder::forget(tool(&source, 1, ""))).await.unwrap();
    let b = node(&server).await;
    assert_eq!(b.scope(tool(&source, 1, "")).await, 21);
    assert_eq!(b.scope(tool(&source, 2, "")).await, 12, "the other one is shared still");
    let runs = source.runs();
    assert_eq!(a.scope(tool(&source, 1, "")).await, 21);
    assert_eq!(source.runs(), runs, "what was computed after the end is shared");
}

#[tokio::test]
async fn strict_functions_see_it_at_once() {
    let server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    let source = Source::of(0);
    for id in 0..3 {
        b.scope(strict_tool(&source, id)).await;
    }
    for round in 1..50 {
        source.set(round * 10);
        a.scope(larder::forget(strict_tool(&source, 1))).await.unwrap();
        assert_eq!(b.scope(strict_tool(&source, 1)).await, round * 10 + 1);
    }
}

#[tokio::test]
async fn what_was_missed_while_the_link_was_down_is_noticed_before_the_first_hit_after_it() {
    let server = RedisServer::start();
    let proxy = Proxy::before(server.port());
    let (a, b) = (node(&server).await, node_at(&proxy.url()).await);
    let source = Source::of(10);
    for id in 0..3 {
        b.scope(tool(&source, id, "")).await;
        b.scope(local_tool(&source, id)).await;
        a.scope(local_tool(&source, id)).await;
    }
    proxy.silence_all();
    disconnected(&b).await;
    source.set(20);
    a.scope(larder::forget(tool(&source, 1, ""))).await.unwrap();
    a.scope(larder::forget(local_tool(&source, 1))).await.unwrap();
    proxy.resume();
    connected(&b).await;
    assert_eq!(b.scope(tool(&source, 1, "")).await, 21);
    assert_eq!(b.scope(local_tool(&source, 1)).await, 21);
    assert_eq!(b.scope(tool(&source, 2, "")).await, 12, "shared by Redis still");
}

#[tokio::test]
async fn a_link_that_was_down_costs_nothing_where_nothing_was_forgotten() {
    let server = RedisServer::start();
    let proxy = Proxy::before(server.port());
    let b = node_at(&proxy.url()).await;
    let source = Source::of(10);
    for id in 0..3 {
        b.scope(local_tool(&source, id)).await;
    }
    b.scope(larder::forget(local_tool(&source, 0))).await.unwrap();
    b.scope(local_tool(&source, 0)).await;
    let runs = source.runs();
    proxy.silence_all();
    disconnected(&b).await;
    proxy.resume();
    connected(&b).await;
    for id in 0..3 {
        b.scope(local_tool(&source, id)).await;
    }
    assert_eq!(source.runs(), runs, "all live on");
}

#[tokio::test]
async fn while_redis_is_away_it_is_ended_here_and_sent_later() {
    let mut server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    let source = Source::of(10);
    a.scope(tool(&source, 1, "")).await;
    a.scope(page(&source, 1)).await;
    let _: String = server.run("SAVE").await;
    server.kill();
    disconnected(&a).await;
    disconnected(&b).await;
    source.set(20);
    let receipt = a.scope(larder::forget(tool(&source, 1, ""))).await.unwrap();
    assert!(!receipt.is_applied());
    assert_eq!(a.scope(tool(&source, 1, "")).await, 21, "fresh at home");
    assert_ne!(a.scope(page(&source, 1)).await, 23, "and what was made of it");
    server.restart();
    connected(&a).await;
    connected(&b).await;
    eventually(SOON, || a.stats().redis.pending_invalidations == 0).await;
    for node in [&a, &b] {
        assert_eq!(node.scope(tool(&source, 1, "")).await, 21);
    }
}

#[tokio::test]
async fn what_was_made_of_it_is_ended_with_it_on_hits_as_on_misses() {
    let server = RedisServer::start();
    for larder in [memory().await, node(&server).await] {
        let source = Source::of(10);
        larder
            .scope(async {
                assert_eq!(page(&source, 1).await, 23);
                source.set(20);
                larder::forget(tool(&source, 2, "")).await.unwrap();
                assert_eq!(page(&source, 1).await, 11 + 22);
                source.set(30);
                larder::forget(tool(&source, 1, "")).await.unwrap();
                assert_eq!(page(&source, 1).await, 31 + 22);
            })
            .await;
    }
    let (a, b) = (node(&server).await, node(&server).await);
    let source = Source::of(100);
    a.scope(page(&source, 5)).await;
    assert_eq!(b.scope(page(&source, 5)).await, 211);
    source.set(200);
    a.scope(larder::forget(tool(&source, 6, ""))).await.unwrap();
    eventually_async(SOON, "the push", async || b.scope(page(&source, 5)).await == 311).await;
}

#[tokio::test]
async fn revision_caches_forget_one_entry_too() {
    let server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    let (config, source) = (Config("abc"), Source::of(1));
    for node in [&a, &b] {
        assert_eq!(node.scope(issuer(&config, &source)).await, 1);
        assert_eq!(node.scope(shared_issuer(&config, &source, "x")).await, 2);
        assert_eq!(node.scope(shared_issuer(&config, &source, "xy")).await, 3);
    }
    for round in 2..5 {
        source.set(round);
        a.scope(larder::forget(issuer(&config, &source))).await.unwrap();
        a.scope(larder::forget(shared_issuer(&config, &source, "x"))).await.unwrap();
        for node in [&a, &b] {
            eventually_async(SOON, "the push", async || node.scope(issuer(&config, &source)).await == round).await;
            eventually_async(SOON, "the push", async || {
                node.scope(shared_issuer(&config, &source, "x")).await == round + 1
            })
            .await;
            assert_eq!(node.scope(shared_issuer(&config, &source, "xy")).await, 3, "the other host lives on");
        }
    }
}

#[tokio::test]
async fn no_argument_is_in_a_key_or_an_announcement() {
    let server = RedisServer::start();
    let a = node(&server).await;
    let source = Source::of(1);
    a.scope(tool(&source, 1, "hunter2")).await;
    a.scope(larder::forget(tool(&source, 1, "hunter2"))).await.unwrap();
    for key in server.keys().await {
        assert!(!String::from_utf8_lossy(&key).contains("hunter2"));
    }
}

#[tokio::test]
async fn what_is_no_cached_call_is_said_to_be_none() {
    let larder = memory().await;
    let error = larder.scope(larder::forget(async { 1 })).await.unwrap_err();
    assert!(error.to_string().contains("async cached function"), "{error}");

    #[ttl_cached(entity = "tools", when = cached)]
    async fn sometimes(cached: bool) -> bool {
        cached
    }
    assert!(larder.scope(larder::forget(sometimes(false))).await.unwrap().is_applied());

    #[ttl_cached(entity = "tools")]
    fn sync() -> u64 {
        7
    }
    let answered = std::thread::scope(|scope| {
        let larder = larder.clone();
        scope.spawn(move || on_this_thread(larder.scope(larder::forget(async { sync() })))).join().unwrap()
    });
    assert!(answered.is_err(), "a sync function is run, and its entry is not told");
}

/// Runs a future on this thread.
fn on_this_thread<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

#[tokio::test]
async fn entries_of_another_instance_are_left_alone() {
    let (a, b) = (memory().await, memory().await);
    let source = Source::of(1);
    for larder in [&a, &b] {
        larder.scope(tool(&source, 1, "")).await;
    }
    source.set(2);
    a.scope(larder::forget(tool(&source, 1, ""))).await.unwrap();
    assert_eq!(a.scope(tool(&source, 1, "")).await, 3);
    assert_eq!(b.scope(tool(&source, 1, "")).await, 2);
    let _: Larder = a;
}
