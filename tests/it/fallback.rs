//! `stale_if_error`: a value beyond its life is served where the body that would replace it fails, and in no other case.

use std::sync::Arc;
use std::time::Duration;

use larder::testkit::Testing;
use larder::{Larder, ttl_cached};

use crate::support::{Gate, SOON, Source, eventually};

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// Zero stands for a source that fails.
fn answer(source: &Source) -> Result<u64, &'static str> {
    match source.read() {
        0 => Err("away"),
        number => Ok(number),
    }
}

#[ttl_cached(entity = "tools", ttl = "10s", jitter = 0.0, stale_if_error = "60s", skip(source))]
async fn tool(source: &Source) -> Result<u64, &'static str> {
    answer(source)
}

#[ttl_cached(entity = "tools", ttl = "10s", jitter = 0.0, stale_if_error = "60s", skip(source))]
fn sync_tool(source: &Source) -> Result<u64, &'static str> {
    answer(source)
}

#[ttl_cached(entity = "tools", ttl = "10s", jitter = 0.0, stale_if_error = "60s", skip(source, gate))]
async fn gated(source: &Source, gate: &Gate) -> Result<u64, &'static str> {
    let read = answer(source);
    gate.pass().await;
    read
}

#[ttl_cached(
    entity = "tools",
    ttl = "10s",
    jitter = 0.0,
    stale_if_error = "60s",
    stale_while_revalidate = "5s",
    skip(source)
)]
async fn renewed(source: Arc<Source>) -> Result<u64, &'static str> {
    answer(&source)
}

#[ttl_cached(entity = "tools", ttl = "10s", jitter = 0.0, stale_if_error = "60s", err_ttl = "5s", store = memory, skip(source))]
async fn remembering(source: &Source) -> Result<u64, &'static str> {
    answer(source)
}

#[ttl_cached(entity = "pages", ttl = "1h", jitter = 0.0, skip(source))]
async fn page(source: &Source) -> u64 {
    tool(source).await.unwrap_or_default()
}

#[tokio::test]
async fn a_failure_is_answered_with_the_former_value() {
    let (larder, source) = (Larder::testing(), Source::of(4));
    let call = || larder.scope(tool(&source));
    assert_eq!(call().await, Ok(4));
    source.set(5);
    larder.clock().advance(seconds(10));
    assert_eq!(call().await, Ok(5), "beyond its life it is not served where the body succeeds");
    source.set(0);
    larder.clock().advance(seconds(10));
    assert_eq!(call().await, Ok(5));
    let counts = larder.stats().entities["tools"];
    assert_eq!((source.runs(), counts.stale, counts.errors), (3, 1, 1));
}

#[tokio::test]
async fn a_failing_source_is_asked_once_a_second_and_its_return_is_seen() {
    let (larder, source) = (Larder::testing(), Source::of(4));
    let call = || larder.scope(tool(&source));
    assert_eq!(call().await, Ok(4));
    source.set(0);
    larder.clock().advance(seconds(11));
    assert_eq!((call().await, call().await), (Ok(4), Ok(4)));
    assert_eq!(source.runs(), 2, "not again at once");
    larder.clock().advance(seconds(1));
    assert_eq!(call().await, Ok(4));
    assert_eq!(source.runs(), 3);
    source.set(6);
    larder.clock().advance(seconds(1));
    assert_eq!(call().await, Ok(6));
    larder.clock().advance(seconds(9));
    assert_eq!(call().await, Ok(6), "with a whole life");
    assert_eq!(source.runs(), 4);
}

#[tokio::test]
async fn nothing_is_served_beyond_the_hard_limit() {
    let (larder, source) = (Larder::testing(), Source::of(4));
    assert_eq!(larder.scope(tool(&source)).await, Ok(4));
    source.set(0);
    for _ in 0..59 {
        larder.clock().advance(seconds(1));
        let _ = larder.scope(tool(&source)).await;
    }
    larder.clock().advance(seconds(10));
    assert_eq!(larder.scope(tool(&source)).await, Ok(4), "69 s after the fill");
    larder.clock().advance(seconds(1));
    assert_eq!(larder.scope(tool(&source)).await, Err("away"), "70 s after the fill, however often it was served");
}

#[tokio::test]
async fn what_was_ended_is_never_served() {
    let (larder, source) = (Larder::testing(), Source::of(4));
    let there = larder.another();
    assert_eq!(larder.scope(tool(&source)).await, Ok(4));
    source.set(0);
    larder.clock().advance(seconds(11));
    there.invalidate("tools").await.unwrap();
    assert_eq!(larder.scope(tool(&source)).await, Err("away"));
    assert_eq!(there.scope(tool(&source)).await, Err("away"), "nor what lies in Redis");
}

#[tokio::test]
async fn what_is_ended_while_the_body_runs_is_not_served() {
    let (larder, source, gate) = (Larder::testing(), Source::of(4), Gate::default());
    let (first, ()) = tokio::join!(larder.scope(gated(&source, &gate)), async { gate.open() });
    assert_eq!(first, Ok(4));
    source.set(0);
    larder.clock().advance(seconds(11));
    gate.arrived().await;
    let end = async {
        gate.arrived().await;
        larder.invalidate("tools").await.unwrap();
        gate.open();
    };
    let (second, ()) = tokio::join!(larder.scope(gated(&source, &gate)), end);
    assert_eq!(second, Err("away"));
}

#[tokio::test]
async fn those_who_wait_share_the_former_value() {
    let (larder, source, gate) = (Larder::testing(), Source::of(4), Gate::default());
    gate.open();
    assert_eq!(larder.scope(gated(&source, &gate)).await, Ok(4));
    gate.arrived().await;
    source.set(0);
    larder.clock().advance(seconds(11));
    let calls = async { tokio::join!(larder.scope(gated(&source, &gate)), larder.scope(gated(&source, &gate))) };
    let open = async {
        gate.arrived().await;
        gate.open();
    };
    let (both, ()) = tokio::join!(calls, open);
    assert_eq!(both, (Ok(4), Ok(4)));
    assert_eq!(source.runs(), 2, "one run for both");
}

#[tokio::test]
async fn a_process_that_never_had_it_falls_back_on_what_redis_has() {
    let (here, source) = (Larder::testing(), Source::of(4));
    assert_eq!(here.scope(tool(&source)).await, Ok(4));
    source.set(0);
    here.clock().advance(seconds(20));
    let there = here.another();
    assert_eq!(there.scope(tool(&source)).await, Ok(4));
    assert_eq!(source.runs(), 2, "it tried first");
    here.clock().advance(seconds(50));
    assert_eq!(there.scope(tool(&source)).await, Err("away"), "its time is counted from the fill");
}

#[test]
fn a_sync_failure_is_answered_with_the_former_value() {
    let (larder, source) = (Larder::testing(), Source::of(4));
    assert_eq!(larder.run(|| sync_tool(&source)), Ok(4));
    source.set(0);
    larder.clock().advance(seconds(69));
    assert_eq!(larder.run(|| sync_tool(&source)), Ok(4));
    larder.clock().advance(seconds(1));
    assert_eq!(larder.run(|| sync_tool(&source)), Err("away"));
}

#[tokio::test]
async fn it_follows_a_time_of_renewals() {
    let larder = Larder::testing();
    let source = Arc::new(Source::of(4));
    let call = || larder.scope(renewed(source.clone()));
    assert_eq!(call().await, Ok(4));
    source.set(0);
    larder.clock().advance(seconds(12));
    assert_eq!(call().await, Ok(4), "renewed in the background");
    assert_eq!(larder.stats().entities["tools"].stale, 1);
    eventually(SOON, || larder.stats().entities["tools"].errors == 1).await;
    larder.clock().advance(seconds(10));
    assert_eq!(call().await, Ok(4), "the body ran, and failed");
    assert_eq!(source.runs(), 3);
    source.set(9);
    larder.clock().advance(seconds(10));
    assert_eq!(call().await, Ok(9), "not the former one: the body succeeded before this call returned");
}

#[tokio::test]
async fn a_former_value_goes_before_a_stored_failure() {
    let (larder, source) = (Larder::testing(), Source::of(4));
    let call = || larder.scope(remembering(&source));
    assert_eq!(call().await, Ok(4));
    source.set(0);
    larder.clock().advance(seconds(11));
    assert_eq!(call().await, Ok(4));
    larder.invalidate("tools").await.unwrap();
    assert_eq!((call().await, call().await), (Err("away"), Err("away")));
    assert_eq!(source.runs(), 3, "without a former value the failure is stored");
}

#[tokio::test]
async fn a_refresh_says_that_it_failed() {
    let (larder, source) = (Larder::testing(), Source::of(4));
    assert_eq!(larder.scope(tool(&source)).await, Ok(4));
    source.set(0);
    assert_eq!(larder.refresh(tool(&source)).await, Err("away"));
    assert_eq!(larder.scope(tool(&source)).await, Ok(4), "and leaves what is there");
}

#[tokio::test]
async fn what_is_made_of_it_lives_no_longer_than_it_is_fresh() {
    let (larder, source) = (Larder::testing(), Source::of(4));
    assert_eq!(larder.scope(page(&source)).await, 4);
    source.set(5);
    larder.clock().advance(seconds(10));
    assert_eq!(larder.scope(page(&source)).await, 5, "the time in which it stands by is no part of its life");
}

/// The limit is a hard one, also where Redis takes its time to confirm the value.
#[tokio::test]
async fn what_passes_its_limit_while_it_is_confirmed_is_not_served() {
    #[ttl_cached(entity = "tools", ttl = "10s", jitter = 0.0, coherence = strict, stale_if_error = "60s", skip(source, here))]
    async fn confirmed(source: &Source, here: &Testing) -> Result<u64, &'static str> {
        let read = answer(source);
        if read.is_err() {
            here.redis().hang();
        }
        read
    }

    for (age, expected) in [(69_500, Ok(1)), (69_900, Err("away"))] {
        let here = Larder::testing();
        let source = Arc::new(Source::of(1));
        assert_eq!(here.scope(confirmed(&source, &here)).await, Ok(1));
        here.clock().advance(Duration::from_millis(age));
        source.set(0);
        let (larder, known) = (here.clone(), Arc::clone(&source));
        let call = tokio::spawn(async move { larder.scope(confirmed(&known, &larder)).await });
        here.redis().unanswered(1).await;
        here.clock().advance(Duration::from_millis(200));
        here.redis().recover();
        assert_eq!(call.await.unwrap(), expected, "after {age} ms");
    }
}
