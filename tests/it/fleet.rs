//! `single_flight = cluster`: one run in all processes, and nobody waits for what is of no use.

use std::time::Duration;

use larder::testkit::Testing;
use larder::{Larder, ttl_cached};

use crate::server::RedisServer;
use crate::support::{Gate, SOON, Source, node, within};

#[ttl_cached(entity = "tools", ttl = "60s", single_flight = cluster, skip(source, gate))]
async fn tool(source: &Source, gate: &Gate) -> u64 {
    let read = source.read();
    gate.pass().await;
    read
}

#[ttl_cached(entity = "tools", ttl = "60s", single_flight = cluster, skip(source, gate))]
async fn failing(source: &Source, gate: &Gate) -> Result<u64, String> {
    gate.pass().await;
    match source.read() {
        0 => Err("away".to_owned()),
        read => Ok(read),
    }
}

#[ttl_cached(
    entity = "tools", ttl = "10s", jitter = 0.0, stale_if_error = "60s", single_flight = cluster, skip(source, gate)
)]
async fn stood_by(source: &Source, gate: &Gate) -> Result<u64, String> {
    let read = source.read();
    gate.pass().await;
    Ok(read)
}

#[ttl_cached(entity = "tools", ttl = "60s", single_flight = cluster, skip(source))]
fn sync_tool(source: &Source) -> u64 {
    source.read()
}

fn pair() -> (Testing, Testing) {
    let here = Larder::testing();
    let there = here.another();
    (here, there)
}

/// Polls a call until its body stands at the gate.
async fn stands<F: Future + Unpin>(call: &mut F, gate: &Gate) {
    tokio::select! {
        _ = call => unreachable!("the gate is shut"),
        () = gate.arrived() => {}
    }
}

/// Lets what waits go on waiting: all that could be done without time passing has been done.
async fn waits<F: Future + Unpin>(call: &mut F, larder: &Testing) {
    for _ in 0..20 {
        assert!(polled(call).await.is_none(), "it did not wait");
        larder.clock().advance(Duration::ZERO);
    }
}

/// Polls once.
async fn polled<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    std::future::poll_fn(|cx| {
        std::task::Poll::Ready(match std::pin::Pin::new(&mut *future).poll(cx) {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        })
    })
    .await
}

#[tokio::test]
async fn another_process_waits_and_reads_what_was_stored() {
    let ((here, there), source, gate) = (pair(), Source::of(4), Gate::default());
    let mut first = Box::pin(here.scope(tool(&source, &gate)));
    stands(&mut first, &gate).await;
    let mut second = Box::pin(there.scope(tool(&source, &gate)));
    waits(&mut second, &there).await;
    gate.open();
    assert_eq!(within(SOON, first).await, 4);
    source.set(5);
    assert_eq!(within(SOON, second).await, 4);
    assert_eq!(source.runs(), 1, "one run in both processes");
    assert_eq!(there.stats().entities["tools"].hits_redis, 1);
    assert_eq!(here.leaders().await.unwrap(), [], "it is no leader");
    assert_eq!(here.stats().leases, larder::LeaseStats::default());
}

#[tokio::test]
async fn a_value_that_stands_by_for_failures_is_no_answer_and_one_process_replaces_it() {
    let ((here, there), source, gate) = (pair(), Source::of(4), Gate::default());
    gate.open();
    assert_eq!(here.scope(stood_by(&source, &gate)).await, Ok(4));
    gate.arrived().await;
    source.set(5);
    here.clock().advance(Duration::from_secs(11));
    let mut first = Box::pin(here.scope(stood_by(&source, &gate)));
    stands(&mut first, &gate).await;
    let mut second = Box::pin(there.scope(stood_by(&source, &gate)));
    waits(&mut second, &there).await;
    assert_eq!(source.runs(), 2, "the second process waits for the first");
    gate.open();
    assert_eq!(within(SOON, first).await, Ok(5));
    assert_eq!(within(SOON, second).await, Ok(5));
    assert_eq!(source.runs(), 2);
}

#[tokio::test]
async fn whoever_is_cancelled_or_fails_hands_over() {
    let ((here, there), source, gate) = (pair(), Source::of(4), Gate::default());
    let mut first = Box::pin(here.scope(tool(&source, &gate)));
    stands(&mut first, &gate).await;
    let mut second = Box::pin(there.scope(tool(&source, &gate)));
    waits(&mut second, &there).await;
    drop(first);
    gate.open();
    assert_eq!(within(SOON, second).await, 4);
    assert_eq!(source.runs(), 2);
    source.set(0);
    gate.open();
    gate.open();
    let both = async { tokio::join!(here.scope(failing(&source, &gate)), there.scope(failing(&source, &gate))) };
    let (one, other) = within(SOON, both).await;
    assert!(one.is_err() && other.is_err());
    assert_eq!(source.runs(), 4, "a failure is shared by nobody");
}

#[tokio::test]
async fn nobody_waits_for_what_began_before_an_end() {
    let ((here, there), source, gate) = (pair(), Source::of(4), Gate::default());
    let mut first = Box::pin(here.scope(tool(&source, &gate)));
    stands(&mut first, &gate).await;
    there.invalidate("tools").await.unwrap();
    source.set(5);
    let mut second = Box::pin(there.scope(tool(&source, &gate)));
    stands(&mut second, &gate).await;
    gate.open();
    gate.open();
    assert_eq!(within(SOON, second).await, 5);
    assert_eq!(within(SOON, first).await, 4, "it began before");
    assert_eq!(here.scope(tool(&source, &gate)).await, 5);
}

#[tokio::test]
async fn nobody_waits_while_redis_is_away() {
    let ((here, there), source, gate) = (pair(), Source::of(4), Gate::default());
    let mut first = Box::pin(here.scope(tool(&source, &gate)));
    stands(&mut first, &gate).await;
    let mut second = Box::pin(there.scope(tool(&source, &gate)));
    waits(&mut second, &there).await;
    there.redis().fail();
    there.clock().advance(Duration::from_secs(1));
    stands(&mut second, &gate).await;
    gate.open();
    gate.open();
    assert_eq!(within(SOON, second).await, 4);
    assert_eq!(within(SOON, first).await, 4);
    assert_eq!(source.runs(), 2);
}

#[tokio::test]
async fn a_process_that_hangs_is_waited_for_no_longer_than_half_a_minute() {
    let ((here, there), source, gate) = (pair(), Source::of(4), Gate::default());
    let mut first = Box::pin(here.scope(tool(&source, &gate)));
    stands(&mut first, &gate).await;
    let mut second = Box::pin(there.scope(tool(&source, &gate)));
    waits(&mut second, &there).await;
    there.clock().advance(Duration::from_secs(29));
    waits(&mut second, &there).await;
    assert_eq!(source.runs(), 1);
    there.clock().advance(Duration::from_secs(1));
    // One for each: the first stands there still.
    gate.open();
    gate.open();
    assert_eq!(within(SOON, second).await, 4);
    assert_eq!(source.runs(), 2);
}

#[test]
fn a_sync_function_has_one_run_and_needs_no_redis() {
    let ((here, there), source) = (pair(), Source::of(4));
    assert_eq!(here.run(|| sync_tool(&source)), 4);
    assert_eq!(there.run(|| sync_tool(&source)), 4);
    let alone = Larder::testing().without_redis();
    assert_eq!(alone.run(|| sync_tool(&source)), 4);
    assert_eq!(source.runs(), 2);
}

#[tokio::test]
async fn one_run_over_a_real_server() {
    let server = RedisServer::start();
    let (source, gate) = (Source::of(4), Gate::default());
    let nodes = [node(&server).await, node(&server).await, node(&server).await];
    let calls = async {
        tokio::join!(
            nodes[0].scope(tool(&source, &gate)),
            nodes[1].scope(tool(&source, &gate)),
            nodes[2].scope(tool(&source, &gate))
        )
    };
    let open = async {
        gate.arrived().await;
        gate.open();
    };
    let (read, ()) = within(SOON, async { tokio::join!(calls, open) }).await;
    assert_eq!(read, (4, 4, 4));
    assert_eq!(source.runs(), 1);
}
