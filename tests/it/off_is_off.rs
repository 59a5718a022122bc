//! Promise 12: disabled caches run the body every time and still send invalidations.

use larder::{Larder, hexsha_cached, invalidates, ttl_cached};

use crate::node::Node;
use crate::server::RedisServer;
use crate::support::{SOON, Source, eventually, eventually_async, memory, node};

#[ttl_cached(entity = "tools", skip(source))]
async fn tool(source: &Source) -> u64 {
    source.read()
}

#[ttl_cached(entity = "tools", skip(source))]
fn tool_of_a_thread(source: &Source) -> u64 {
    source.read()
}

#[ttl_cached(entity = "pages", skip(source))]
async fn page(source: &Source) -> u64 {
    tool(source).await
}

#[hexsha_cached(revision = revision, skip(source))]
async fn of_revision(revision: &str, source: &Source) -> u64 {
    source.read()
}

#[invalidates("tools")]
async fn write(source: &Source, value: u64) {
    source.set(value);
}

#[tokio::test]
async fn a_disabled_instance_runs_every_body_and_still_ends_elsewhere() {
    let server = RedisServer::start();
    let on = node(&server).await;
    let builder = Larder::builder().ignore_environment().redis(server.url()).namespace("it").enabled(false);
    let off = builder.build().await.unwrap();
    let source = Source::of(1);
    on.scope(tool(&source)).await;
    assert_eq!(source.runs(), 1);
    off.scope(async {
        tool(&source).await;
        tool(&source).await;
        tool_of_a_thread(&source);
        tool_of_a_thread(&source);
        of_revision("r", &source).await;
        of_revision("r", &source).await;
        page(&source).await;
        page(&source).await;
    })
    .await;
    assert_eq!(source.runs(), 9, "every body ran");
    assert_eq!(server.values_of("tools").await.len(), 1, "and nothing was stored");
    assert_eq!(off.stats().total().entries, 0);
    off.scope(write(&source, 2)).await;
    eventually_async(SOON, "the push", async || on.scope(tool(&source)).await == 2).await;
    source.set(3);
    assert!(off.invalidate("tools").await.unwrap().is_applied());
    eventually_async(SOON, "the push", async || on.scope(tool(&source)).await == 3).await;
}

#[tokio::test]
async fn a_variable_turns_one_entity_off() {
    let server = RedisServer::start();
    let url = server.url();
    let variables = [("LARDER_REDIS_URL", &*url), ("LARDER_NAMESPACE", "it"), ("LARDER_TOOLS_ENABLED", "false")];
    let mut there = Node::with(&variables);
    there.ask("connected");
    for _ in 0..3 {
        there.ask("tools 1");
        there.ask("shared 1");
    }
    assert_eq!(there.ask("runs"), "4", "three of `tools`, one of `shared`");
    let here = node(&server).await;
    let source = Source::of(1);
    here.scope(tool(&source)).await;
    source.set(2);
    assert_eq!(there.ask("invalidate tools"), "true");
    eventually_async(SOON, "the push", async || here.scope(tool(&source)).await == 2).await;
}

#[tokio::test]
async fn variables_stand_above_the_code() {
    let mut off = Node::with(&[("LARDER_ENABLED", "false")]);
    off.ask("tools 1");
    off.ask("tools 1");
    assert_eq!(off.ask("runs"), "2");
    let mut brief = Node::with(&[("LARDER_TOOLS_TTL", "0")]);
    brief.ask("tools 1");
    brief.ask("tools 1");
    brief.ask("shared 1");
    brief.ask("shared 1");
    assert_eq!(brief.ask("runs"), "3", "a ttl of zero stores nothing");
    let mut short = Node::with(&[("LARDER_TTL", "50ms")]);
    short.ask("tools 1");
    eventually(SOON, || {
        short.ask("tools 1");
        short.ask("runs") == "2"
    })
    .await;
}

#[tokio::test]
async fn bypass_runs_the_body_and_neither_reads_nor_stores() {
    let server = RedisServer::start();
    for larder in [memory().await, node(&server).await] {
        let source = Source::of(1);
        larder.bypass(tool(&source)).await;
        larder.scope(tool(&source)).await;
        assert_eq!(source.runs(), 2, "nothing was stored");
        source.set(2);
        assert_eq!(larder.bypass(tool(&source)).await, 2, "nothing was read");
        assert_eq!(larder.scope(tool(&source)).await, 1, "what was stored stays");
        larder.scope(async { assert_eq!(larder::bypass(tool(&source)).await, 2) }).await;
    }
}

#[tokio::test]
async fn refresh_runs_the_body_and_stores_what_it_returns() {
    let server = RedisServer::start();
    for larder in [memory().await, node(&server).await] {
        let source = Source::of(1);
        larder.scope(tool(&source)).await;
        source.set(2);
        assert_eq!(larder.refresh(tool(&source)).await, 2);
        let runs = source.runs();
        assert_eq!(larder.scope(tool(&source)).await, 2, "stored");
        assert_eq!(source.runs(), runs);
    }
}

#[tokio::test]
async fn a_refresh_of_an_outer_function_refreshes_the_inner_ones() {
    let larder = memory().await;
    let source = Source::of(1);
    larder.scope(page(&source)).await;
    source.set(2);
    assert_eq!(larder.refresh(page(&source)).await, 2);
    assert_eq!(larder.scope(tool(&source)).await, 2);
}
