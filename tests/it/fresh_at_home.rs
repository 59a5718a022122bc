//! Promise 1: in the process where an invalidation returned, no later call returns a value that began before it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use larder::{Larder, invalidates, ttl_cached};
use tokio::task::JoinHandle;

use crate::server::RedisServer;
use crate::support::{SOON, Source, memory, node};

#[ttl_cached(entity = "tools", skip(source))]
async fn tool(source: &Source, id: u64) -> u64 {
    source.read() + id
}

#[ttl_cached(entity = "tools", skip(source), tags("tool:{id}"))]
async fn tagged(source: &Source, id: u64) -> u64 {
    source.read() + id
}

#[ttl_cached(entity = "users", skip(source), tags(("team", ret.1)))]
async fn user_and_team(source: &Source, id: u64) -> (u64, u64) {
    (source.read(), id / 10)
}

#[ttl_cached(entity = "tools", skip(source))]
fn tool_of_a_thread(source: &Source, id: u64) -> u64 {
    source.read() + id
}

#[invalidates("tools")]
async fn write(source: &Source, value: u64) -> Result<(), String> {
    source.set(value);
    if value == 13 { Err("unlucky".to_owned()) } else { Ok(()) }
}

#[invalidates("tool:{id}")]
async fn write_one(source: &Source, id: u64) {
    source.set(id);
}

#[invalidates("tools", on = always)]
async fn write_anyhow(source: &Source) -> Result<(), String> {
    source.set(99);
    Err("written and failed".to_owned())
}

#[invalidates("tools")]
fn write_of_a_thread(source: &Source, value: u64) {
    source.set(value);
}

#[invalidates(("team", ret.0))]
async fn move_to_team(team: u64) -> Result<(u64, ()), String> {
    Ok((team, ()))
}

async fn each_way(larder: &Larder) {
    let source = Source::of(1);
    let (a, b) = (&source, larder.clone());
    b.scope(async {
        assert_eq!((tool(a, 0).await, tool(a, 0).await, a.runs()), (1, 1, 1));
        write(a, 2).await.unwrap();
        assert_eq!(tool(a, 0).await, 2, "an entity");
        assert_eq!(tagged(a, 5).await, 7);
        write_one(a, 5).await;
        assert_eq!(tagged(a, 5).await, 10, "a tag");
        a.set(3);
        larder::clear().await.unwrap();
        assert_eq!((tool(a, 0).await, tagged(a, 5).await), (3, 8), "everything");
        assert_eq!(tool_of_a_thread(a, 0), 3);
        write_of_a_thread(a, 4);
        assert_eq!(tool_of_a_thread(a, 0), 4, "of sync functions");
        write_anyhow(a).await.unwrap_err();
        assert_eq!(tool(a, 0).await, 99, "on = always");
    })
    .await;
}

#[tokio::test]
async fn no_call_after_an_invalidation_sees_the_value_before_it() {
    each_way(&memory().await).await;
}

#[tokio::test]
async fn no_call_after_an_invalidation_sees_the_value_before_it_over_redis() {
    let server = RedisServer::start();
    each_way(&node(&server).await).await;
}

#[tokio::test]
async fn what_a_result_names_ends_it_and_only_it() {
    let larder = memory().await;
    let source = Source::of(1);
    larder
        .scope(async {
            user_and_team(&source, 11).await;
            user_and_team(&source, 21).await;
            move_to_team(1).await.unwrap();
            user_and_team(&source, 11).await;
            user_and_team(&source, 21).await;
        })
        .await;
    assert_eq!(source.runs(), 3);
}

#[tokio::test]
async fn a_failed_or_panicked_write_ends_nothing() {
    #[invalidates("tools")]
    async fn panics() {
        panic!("on purpose");
    }

    let larder = memory().await;
    let source = Source::of(1);
    larder.scope(tool(&source, 0)).await;
    larder.scope(write(&source, 13)).await.unwrap_err();
    let panicked = tokio::spawn(larder.scope(panics())).await;
    assert!(panicked.is_err());
    larder.scope(tool(&source, 0)).await;
    assert_eq!(source.runs(), 1);
}

#[tokio::test]
async fn a_write_that_is_dropped_half_way_ends_what_it_may_have_changed() {
    #[invalidates("tools")]
    async fn never_returns() {
        std::future::pending::<()>().await;
    }

    let larder = memory().await;
    let source = Source::of(1);
    larder.scope(tool(&source, 0)).await;
    let dropped = tokio::time::timeout(Duration::from_millis(20), larder.scope(never_returns())).await;
    assert!(dropped.is_err());
    larder.scope(tool(&source, 0)).await;
    assert_eq!(source.runs(), 2);
}

#[tokio::test]
async fn ending_an_entity_ends_what_depends_on_it_through_a_cycle() {
    let larder = Larder::builder()
        .ignore_environment()
        .depends("gateways", ["servers"])
        .depends("servers", ["tools", "gateways"])
        .build()
        .await
        .unwrap();
    let source = Source::of(1);
    larder.scope(tool(&source, 0)).await;
    let receipt = larder.invalidate("gateways").await.unwrap();
    assert_eq!(receipt.names().collect::<Vec<_>>(), ["gateways", "servers", "tools"]);
    larder.scope(tool(&source, 0)).await;
    assert_eq!(source.runs(), 2);
}

/// One writer counts up and invalidates; readers remember the last completed write before each call.
async fn never_behind(larder: Larder) {
    let source = Arc::new(Source::of(0));
    let written = Arc::new(AtomicU64::new(0));
    let done = Arc::new(AtomicBool::new(false));
    let calls = Arc::new(AtomicU64::new(0));
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let (larder, source, written) = (larder.clone(), Arc::clone(&source), Arc::clone(&written));
            let (done, calls) = (Arc::clone(&done), Arc::clone(&calls));
            tokio::spawn(async move {
                while !done.load(Ordering::SeqCst) {
                    let at_least = written.load(Ordering::SeqCst);
                    let seen = larder.scope(tool(&source, 0)).await;
                    assert!(seen >= at_least, "saw {seen} after {at_least} was written");
                    calls.fetch_add(1, Ordering::SeqCst);
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    let begun = Instant::now();
    for value in 1.. {
        source.set(value);
        let _ = larder.invalidate("tools").await.unwrap();
        written.store(value, Ordering::SeqCst);
        tokio::task::yield_now().await;
        if value >= 300 && calls.load(Ordering::SeqCst) >= 300 {
            break;
        }
        assert!(begun.elapsed() < 2 * SOON && !readers.iter().any(JoinHandle::is_finished), "a reader stopped");
    }
    done.store(true, Ordering::SeqCst);
    for reader in readers {
        reader.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn readers_in_parallel_are_never_behind_a_completed_write() {
    never_behind(memory().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn readers_in_parallel_are_never_behind_a_completed_write_over_redis() {
    let server = RedisServer::start();
    never_behind(node(&server).await).await;
}
