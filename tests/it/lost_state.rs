//! Promise 6: whatever Redis loses, an ended value never comes back.

use larder::ttl_cached;

use crate::server::RedisServer;
use crate::support::{SOON, Source, connected, disconnected, eventually, eventually_async, node};

#[ttl_cached(entity = "tools", skip(source))]
async fn tool(source: &Source) -> u64 {
    source.read()
}

#[tokio::test]
async fn a_flush_is_a_miss() {
    let server = RedisServer::start();
    let larder = node(&server).await;
    let source = Source::of(1);
    larder.scope(tool(&source)).await;
    source.set(2);
    server.flush().await;
    eventually_async(SOON, "a miss", async || larder.scope(tool(&source)).await == 2).await;
    source.set(3);
    assert_eq!(larder.scope(tool(&source)).await, 2, "and stored again");
}

#[tokio::test]
async fn values_stay_shared_after_a_flush() {
    let server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    let source = Source::of(1);
    a.scope(tool(&source)).await;
    server.flush().await;
    eventually_async(SOON, "a miss", async || {
        a.scope(tool(&source)).await;
        source.runs() == 2
    })
    .await;
    eventually_async(SOON, "a hit there", async || {
        let runs = source.runs();
        b.scope(tool(&source)).await;
        source.runs() == runs
    })
    .await;
    source.set(2);
    let _ = b.invalidate("tools").await.unwrap();
    eventually_async(SOON, "still coherent", async || a.scope(tool(&source)).await == 2).await;
}

#[tokio::test]
async fn a_restart_without_what_was_stored_is_a_miss() {
    let mut server = RedisServer::start();
    let larder = node(&server).await;
    let source = Source::of(1);
    larder.scope(tool(&source)).await;
    server.kill();
    disconnected(&larder).await;
    source.set(2);
    server.restart_empty();
    connected(&larder).await;
    assert_eq!(larder.scope(tool(&source)).await, 2);
}

/// Evicts every epoch, and nothing else.
async fn evict_epochs(server: &RedisServer) {
    for key in server.keys_with("@epoch:").await {
        let _: u64 = server.run(&format!("DEL {key}")).await;
    }
    assert_eq!(server.values_of("tools").await.len(), 1, "the value itself is still there");
}

#[tokio::test]
async fn an_evicted_epoch_revives_nothing_that_was_ended_under_it() {
    let server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    let source = Source::of(1);
    a.scope(tool(&source)).await;
    source.set(2);
    let _ = a.invalidate("tools").await.unwrap();
    evict_epochs(&server).await;
    for larder in [node(&server).await, b, a] {
        assert_eq!(larder.scope(tool(&source)).await, 2);
    }
}

#[tokio::test]
async fn an_evicted_epoch_is_a_miss_for_who_comes_then_and_its_next_end_is_heard() {
    let server = RedisServer::start();
    let a = node(&server).await;
    let source = Source::of(1);
    a.scope(tool(&source)).await;
    source.set(2);
    evict_epochs(&server).await;
    let b = node(&server).await;
    assert_eq!(b.scope(tool(&source)).await, 2, "who does not know the epoch");
    evict_epochs(&server).await;
    source.set(3);
    let _ = b.invalidate("tools").await.unwrap();
    assert_eq!(b.scope(tool(&source)).await, 3);
    eventually_async(SOON, "an announcement", async || a.scope(tool(&source)).await == 3).await;
}

#[tokio::test]
async fn an_evicted_value_is_a_miss() {
    let server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    let source = Source::of(1);
    a.scope(tool(&source)).await;
    source.set(2);
    let key = server.values_of("tools").await.remove(0);
    let _: u64 = server.run(&format!("DEL {key}")).await;
    assert_eq!(a.scope(tool(&source)).await, 1, "memory has it still");
    assert_eq!(b.scope(tool(&source)).await, 2);
}

#[tokio::test]
async fn a_garbled_epoch_ends_what_it_stood_for_and_heals() {
    let server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    let source = Source::of(1);
    a.scope(tool(&source)).await;
    source.set(2);
    for key in server.keys_with("@epoch:").await {
        let _: String = server.run(&format!("SET {key} nonsense")).await;
    }
    eventually_async(SOON, "a miss", async || a.scope(tool(&source)).await == 2).await;
    let _ = a.invalidate("tools").await.unwrap();
    let _ = a.clear().await.unwrap();
    source.set(3);
    eventually_async(SOON, "shared again", async || {
        a.scope(tool(&source)).await;
        let runs = source.runs();
        b.scope(tool(&source)).await == 3 && source.runs() == runs
    })
    .await;
}

/// A server that was saved, then told of an invalidation, comes back as it was saved.
async fn restored_from_before_an_invalidation() -> (RedisServer, larder::Larder, Source) {
    let mut server = RedisServer::start();
    let a = node(&server).await;
    let source = Source::of(1);
    a.scope(tool(&source)).await;
    assert_eq!(server.values_of("tools").await.len(), 1);
    let _: String = server.run("SAVE").await;
    source.set(2);
    assert!(a.invalidate("tools").await.unwrap().is_applied());
    server.kill();
    disconnected(&a).await;
    server.restart();
    eventually_async(SOON, "loaded", async || server.values_of("tools").await.len() == 1).await;
    (server, a, source)
}

#[tokio::test]
async fn a_restart_from_an_old_save_revives_nothing_that_this_process_knows_to_be_ended() {
    let (_server, a, source) = restored_from_before_an_invalidation().await;
    connected(&a).await;
    assert_eq!(a.scope(tool(&source)).await, 2);
}

#[tokio::test]
async fn a_restart_from_an_old_save_revives_nothing_for_a_new_process() {
    let (server, a, source) = restored_from_before_an_invalidation().await;
    connected(&a).await;
    let b = node(&server).await;
    assert_eq!(b.scope(tool(&source)).await, 2);
    eventually(SOON, || a.stats().redis.connected).await;
}
