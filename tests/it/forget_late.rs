//! `larder::forget` against results that come late: begun before the end, stored after it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use larder::{Larder, ttl_cached};
use tokio::task::JoinHandle;

use crate::proxy::Proxy;
use crate::server::RedisServer;
use crate::support::{
    Gate, SOON, Source, connected, disconnected, eventually, eventually_async, memory, node, node_at, within,
};

#[ttl_cached(entity = "tools", skip(source, gate), ttl = "60s")]
async fn slow_tool(source: &Source, gate: Option<&Gate>, id: u64) -> u64 {
    let read = source.read() + id;
    if let Some(gate) = gate {
        gate.pass().await;
    }
    read
}

#[ttl_cached(entity = "tools", skip(source, gate), ttl = "60s", coherence = strict)]
async fn strict_tool(source: &Source, gate: Option<&Gate>, id: u64) -> u64 {
    if let Some(gate) = gate {
        gate.pass().await;
    }
    source.read() + id
}

#[ttl_cached(entity = "tools", skip(source), ttl = "60s", store = redis)]
async fn shared_tool(source: &Source, id: u64) -> u64 {
    source.read() + id
}

#[ttl_cached(entity = "tools", skip(source), ttl = "60s", store = memory)]
async fn local_tool(source: &Source, id: u64) -> u64 {
    source.read() + id
}

/// Begins a call whose body has read the source and waits at the gate.
async fn begun(larder: &Larder, source: &Arc<Source>, gate: &Arc<Gate>) -> JoinHandle<u64> {
    let call = tokio::spawn(larder.scope({
        let (source, gate) = (Arc::clone(source), Arc::clone(gate));
        async move { slow_tool(&source, Some(&gate), 1).await }
    }));
    gate.arrived().await;
    call
}

#[tokio::test]
async fn a_computation_that_began_before_is_neither_stored_nor_joined_after() {
    for shared in [false, true] {
        let server = if shared { Some(RedisServer::start()) } else { None };
        let larder = match &server {
            Some(server) => node(server).await,
            None => memory().await,
        };
        let (source, gate) = (Arc::new(Source::of(10)), Arc::new(Gate::default()));
        let old = begun(&larder, &source, &gate).await;
        source.set(20);
        larder.scope(larder::forget(slow_tool(&source, None, 1))).await.unwrap();
        assert_eq!(within(SOON, larder.scope(slow_tool(&source, None, 1))).await, 21, "joined what began before");
        gate.open();
        assert_eq!(old.await.unwrap(), 11);
        assert_eq!(larder.scope(slow_tool(&source, None, 1)).await, 21, "the late result was stored");
        if let Some(server) = &server {
            let other = node(server).await;
            assert_eq!(other.scope(slow_tool(&source, None, 1)).await, 21, "the late result was stored in Redis");
        }
    }
}

#[tokio::test]
async fn a_late_result_of_another_process_is_not_served_from_redis() {
    let server = RedisServer::start();
    let (a, b, c) = (node(&server).await, node(&server).await, node(&server).await);
    let (source, gate) = (Arc::new(Source::of(10)), Arc::new(Gate::default()));
    let late = begun(&b, &source, &gate).await;
    source.set(20);
    a.scope(larder::forget(slow_tool(&source, None, 1))).await.unwrap();
    gate.open();
    assert_eq!(late.await.unwrap(), 11);
    for node in [&c, &b, &a] {
        assert_eq!(node.scope(slow_tool(&source, None, 1)).await, 21);
    }
}

/// The ids of all connections to a server that are subscribed.
async fn links(server: &RedisServer) -> Vec<String> {
    let list: String = server.run("CLIENT LIST TYPE pubsub").await;
    list.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

/// Redis loses what it knows of the ends of single entries of the one function here.
async fn evict_ends(server: &RedisServer) {
    let ends = server.keys_with("@ends:").await;
    assert_eq!(ends.len(), 1, "{ends:?}");
    assert_eq!(server.run::<u64>(&format!("DEL {}", ends[0])).await, 1);
}

/// The result travels while its entry is ended, and arrives when Redis has already lost the epoch that says so.
#[tokio::test]
async fn a_result_that_arrives_after_its_end_was_evicted_is_not_stored() {
    let server = RedisServer::start();
    let proxy = Proxy::before(server.port());
    let late = node_at(&proxy.url()).await;
    let old_link = links(&server).await;
    let other = node(&server).await;
    let (source, gate) = (Arc::new(Source::of(10)), Arc::new(Gate::default()));
    let call = begun(&late, &source, &gate).await;
    proxy.silence_all();
    gate.open();
    assert_eq!(within(SOON, call).await.unwrap(), 11, "given up, and still on its way");
    source.set(20);
    assert!(other.scope(larder::forget(slow_tool(&source, None, 1))).await.unwrap().is_applied());
    evict_ends(&server).await;
    proxy.resume();
    // All that the old link had sent was done when the server saw its end.
    eventually_async(SOON, "the old link to end", async || {
        let now = links(&server).await;
        old_link.iter().all(|id| !now.contains(id))
    })
    .await;
    let new = node(&server).await;
    assert_eq!(new.scope(slow_tool(&source, None, 1)).await, 21, "an ended value came back");
}

/// What was computed before the link was lost, and while there was none, lives on behind it.
#[tokio::test]
async fn a_new_link_takes_out_no_entry_that_was_not_ended() {
    let server = RedisServer::start();
    let proxy = Proxy::before(server.port());
    let larder = node_at(&proxy.url()).await;
    let source = Source::of(10);
    for id in 0..=1 {
        if id == 1 {
            proxy.silence_all();
            disconnected(&larder).await;
        }
        larder.scope(slow_tool(&source, None, id)).await;
        larder.scope(local_tool(&source, id)).await;
    }
    evict_ends(&server).await;
    proxy.resume();
    connected(&larder).await;
    source.set(20);
    for id in 0..=1 {
        assert_eq!(larder.scope(slow_tool(&source, None, id)).await, 10 + id);
        assert_eq!(larder.scope(local_tool(&source, id)).await, 10 + id);
    }
    assert_eq!(source.runs(), 4);
}

/// Whatever each knew of the ends that Redis lost, one run is enough for all of them.
#[tokio::test]
async fn processes_agree_again_after_the_ends_of_a_function_were_evicted() {
    let server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    let source = Source::of(10);
    for ended in [false, true] {
        if ended {
            a.scope(larder::forget(shared_tool(&source, 1))).await.unwrap();
        }
        for larder in [&a, &b] {
            assert_eq!(larder.scope(shared_tool(&source, 1)).await, 11);
        }
        evict_ends(&server).await;
        let runs = source.runs();
        let new = node(&server).await;
        for _ in 0..5 {
            for larder in [&new, &a, &b] {
                assert_eq!(larder.scope(shared_tool(&source, 1)).await, 11);
            }
        }
        assert_eq!(source.runs(), runs + 1, "ended before: {ended}");
    }
}

#[tokio::test]
async fn more_ends_than_are_kept_end_what_they_named_and_let_no_late_result_in() {
    let server = RedisServer::start();
    let larder = node(&server).await;
    let source = Source::of(10);
    larder.scope(shared_tool(&source, 1)).await;
    let stored = server.values_of("tools").await;
    assert_eq!(stored.len(), 1);
    let late: Vec<u8> = server.run(&format!("GET {}", stored[0])).await;
    source.set(20);
    larder.scope(larder::forget(shared_tool(&source, 1))).await.unwrap();
    let ends = server.keys_with("@ends:").await;
    assert_eq!(ends.len(), 1, "{ends:?}");
    let mut fill = redis::cmd("EVAL");
    fill.arg("for at = 1, 10000 do redis.call('HSET', KEYS[1], string.format('%016x', at), '1763712345678901.1') end");
    let () = fill.arg(1).arg(&ends[0]).query_async(&mut server.raw().await).await.unwrap();
    for id in 2..=3 {
        assert!(larder.scope(larder::forget(shared_tool(&source, id))).await.unwrap().is_applied());
    }
    let kept: u64 = server.run(&format!("HLEN {}", ends[0])).await;
    assert!((1..=3).contains(&kept), "{kept} ends are kept");
    assert!(server.run::<i64>(&format!("PTTL {}", ends[0])).await > 0, "they run out");
    for id in 1..=3 {
        assert_eq!(larder.scope(shared_tool(&source, id)).await, 20 + id);
    }
    let () = redis::cmd("SET").arg(&stored[0]).arg(late).query_async(&mut server.raw().await).await.unwrap();
    let new = node(&server).await;
    for reader in [&new, &larder] {
        assert_eq!(reader.scope(shared_tool(&source, 1)).await, 21, "an ended value came back");
    }
}

#[tokio::test]
async fn who_waited_for_a_flight_that_is_given_up_asks_redis_again() {
    let server = RedisServer::start();
    let proxy = Proxy::before(server.port());
    let (here, there) = (node_at(&proxy.url()).await, node(&server).await);
    let (source, gate) = (Arc::new(Source::of(10)), Arc::new(Gate::default()));
    let begin = |gate: Option<&Arc<Gate>>| {
        let (source, gate) = (Arc::clone(&source), gate.cloned());
        tokio::spawn(here.scope(async move { strict_tool(&source, gate.as_deref(), 1).await }))
    };
    let leads = begin(Some(&gate));
    gate.arrived().await;
    proxy.count("HMGET");
    let waits = begin(None);
    eventually(SOON, || proxy.counted() > 0).await;
    // Asked behind it on the same link, and so answered behind it.
    here.scope(strict_tool(&source, None, 2)).await;
    assert_eq!(here.scope(larder::refresh(strict_tool(&source, None, 1))).await, 11);
    assert!(!waits.is_finished());
    proxy.silence_all();
    source.set(20);
    there.scope(larder::forget(strict_tool(&source, None, 1))).await.unwrap();
    leads.abort();
    assert_eq!(within(SOON, waits).await.unwrap(), 21, "what Redis had said before it waited");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn under_a_storm_no_value_from_before_an_end_is_served_after_it() {
    let server = RedisServer::start();
    let nodes = [node(&server).await, node(&server).await];
    let source = Arc::new(Source::of(0));
    let stop = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..4)
        .map(|number| {
            let (larder, source, stop) = (nodes[number % 2].clone(), Arc::clone(&source), Arc::clone(&stop));
            tokio::spawn(larder.scope(async move {
                while !stop.load(Ordering::Relaxed) {
                    slow_tool(&source, None, 1).await;
                    tokio::task::yield_now().await;
                }
            }))
        })
        .collect();
    for value in 1..=300 {
        source.set(value * 10);
        let larder = &nodes[value as usize % 2];
        larder.scope(larder::forget(slow_tool(&source, None, 1))).await.unwrap();
        let read = larder.scope(slow_tool(&source, None, 1)).await;
        assert_eq!(read, value * 10 + 1, "an old value came back");
    }
    stop.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.await.unwrap();
    }
}
