//! The test kit: what it says of time, of Redis, of leases and of names is so.

mod campaigns;
mod entities;
mod hanging;
mod leases;
mod leases_seen;
mod leases_waited_for;
mod stand_in;

use std::process::Command;
use std::time::Duration;

use larder::testkit::Testing;
use larder::{ErrorKind, Larder, hexsha_cached, ttl_cached};

use crate::support::{Config, Source};

#[ttl_cached(entity = "tools", ttl = "20s", jitter = 0.9, skip(source))]
async fn tool(source: &Source, id: u64) -> u64 {
    source.read() + id
}

#[ttl_cached(entity = "tools", ttl = "20s", skip(source))]
fn tool_of_a_thread(source: &Source) -> u64 {
    source.read()
}

#[ttl_cached(entity = "pages", ttl = "1h", skip(source))]
async fn page(source: &Source) -> u64 {
    tool(source, 0).await
}

#[ttl_cached(entity = "days", ttl = "24h", skip(source))]
async fn day(source: &Source) -> u64 {
    source.read()
}

#[hexsha_cached(skip(source))]
async fn issuer(config: &Config, source: &Source) -> u64 {
    source.read()
}

const MOMENT: Duration = Duration::from_nanos(1);

/// Both kinds of instances: over the stand-in, and in memory alone.
fn both() -> [Testing; 2] {
    [Larder::testing(), Larder::testing().without_redis()]
}

#[tokio::test]
async fn a_value_lives_exactly_its_ttl() {
    for larder in both() {
        for _ in 0..20 {
            let source = Source::of(1);
            larder.invalidate("tools").await.unwrap();
            larder.scope(tool(&source, 0)).await;
            larder.clock().advance(Duration::from_secs(20) - MOMENT);
            larder.scope(tool(&source, 0)).await;
            assert_eq!(source.runs(), 1, "it still had a moment to live");
            larder.clock().advance(MOMENT);
            larder.scope(tool(&source, 0)).await;
            assert_eq!(source.runs(), 2, "its time was over");
        }
    }
}

#[test]
fn a_sync_function_goes_by_the_same_clock() {
    for larder in both() {
        let source = Source::of(1);
        larder.run(|| tool_of_a_thread(&source));
        larder.clock().advance(Duration::from_secs(20) - MOMENT);
        larder.run(|| tool_of_a_thread(&source));
        assert_eq!(source.runs(), 1);
        larder.clock().advance(MOMENT);
        larder.run(|| tool_of_a_thread(&source));
        assert_eq!(source.runs(), 2);
    }
}

#[tokio::test]
async fn what_another_computed_lives_for_what_is_left_of_its_life() {
    let here = Larder::testing();
    let there = here.another();
    let source = Source::of(1);
    here.scope(tool(&source, 0)).await;
    here.clock().advance(Duration::from_secs(15));
    there.scope(tool(&source, 0)).await;
    assert_eq!((source.runs(), there.stats().total().hits_redis), (1, 1));
    here.clock().advance(Duration::from_secs(5) - MOMENT);
    there.scope(tool(&source, 0)).await;
    assert_eq!(source.runs(), 1);
    here.clock().advance(MOMENT);
    there.scope(tool(&source, 0)).await;
    assert_eq!(source.runs(), 2);
}

#[tokio::test]
async fn a_stack_ends_with_its_innermost_value() {
    for larder in both() {
        let source = Source::of(1);
        larder.scope(tool(&source, 0)).await;
        larder.clock().advance(Duration::from_secs(12));
        larder.scope(page(&source)).await;
        larder.clock().advance(Duration::from_secs(8) - MOMENT);
        larder.scope(page(&source)).await;
        assert_eq!(source.runs(), 1);
        larder.clock().advance(MOMENT);
        larder.scope(page(&source)).await;
        assert_eq!(source.runs(), 2);
    }
}

#[tokio::test]
async fn a_day_passes_with_all_its_heartbeats() {
    for larder in both() {
        let source = Source::of(1);
        larder.scope(day(&source)).await;
        larder.clock().advance(Duration::from_secs(24 * 3_600) - MOMENT);
        assert_eq!(larder.stats().redis.connects, u64::from(larder.stats().redis.configured));
        larder.scope(day(&source)).await;
        assert_eq!((source.runs(), larder.stats().total().hits_memory), (1, 1));
        larder.clock().advance(MOMENT);
        larder.scope(day(&source)).await;
        assert_eq!(source.runs(), 2);
    }
}

#[tokio::test]
async fn revisions_do_not_age() {
    for larder in both() {
        let source = Source::of(1);
        larder.scope(issuer(&Config("8f3c"), &source)).await;
        larder.clock().advance(Duration::from_secs(1_000_000_000));
        larder.scope(issuer(&Config("8f3c"), &source)).await;
        assert_eq!(source.runs(), 1);
    }
}

#[tokio::test]
async fn instances_share_nothing_unless_one_is_another_of_the_other() {
    let (here, apart) = (Larder::testing(), Larder::testing());
    let source = Source::of(1);
    here.scope(tool(&source, 0)).await;
    apart.clock().advance(Duration::from_secs(3_600));
    apart.invalidate("tools").await.unwrap();
    apart.redis().forget();
    apart.redis().fail();
    here.scope(tool(&source, 0)).await;
    assert_eq!((source.runs(), here.clock().elapsed()), (1, Duration::ZERO));
    apart.scope(tool(&source, 0)).await;
    assert_eq!(source.runs(), 2);
}

#[tokio::test]
async fn settings_of_a_builder_hold_and_wrong_ones_are_named() {
    let builder = Larder::builder().redis("redis://nowhere.invalid:1/0").ttl("tools", Duration::from_secs(3));
    let larder = builder.testing().unwrap();
    let source = Source::of(1);
    larder.scope(tool(&source, 0)).await;
    larder.clock().advance(Duration::from_secs(3) - MOMENT);
    larder.another().scope(tool(&source, 0)).await;
    assert_eq!(source.runs(), 1);
    larder.clock().advance(MOMENT);
    larder.another().scope(tool(&source, 0)).await;
    assert_eq!(source.runs(), 2);
    let error = Larder::builder().namespace("").heartbeat(Duration::ZERO).testing().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.to_string().contains("namespace") && error.to_string().contains("heartbeat"), "{error}");
}

#[test]
fn the_environment_is_not_read() {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "testkit::in_an_environment_that_turns_caches_off", "--include-ignored"]);
    child.env("LARDER_ENABLED", "off").env("LARDER_TTL", "soon").env("LARDER_REDIS_URL", "redis://nowhere.invalid:1");
    let output = child.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
#[ignore = "run by the test above, in a process with other variables"]
fn in_an_environment_that_turns_caches_off() {
    let built = Larder::builder().testing().unwrap();
    for larder in both().into_iter().chain([built]) {
        let source = Source::of(1);
        for _ in 0..2 {
            larder.run(|| tool_of_a_thread(&source));
        }
        assert_eq!(source.runs(), 1);
    }
}
