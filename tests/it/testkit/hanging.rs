//! A stand-in that hangs holds callers for the operation timeout at most, and carries out late what lay there.

use std::time::Duration;

use larder::{Breaker, Larder, ttl_cached};

use super::{MOMENT, tool};
use crate::support::{Gate, SOON, Source, within};

#[ttl_cached(entity = "tools", skip(source, gate))]
async fn gated(source: &Source, gate: &Gate) -> u64 {
    let read = source.read();
    gate.pass().await;
    read
}

const OPERATION: Duration = Duration::from_millis(500);
const PAUSE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn each_call_waits_for_the_operation_timeout_until_three_have_opened_the_breaker() {
    let larder = Larder::testing();
    let source = Source::of(1);
    larder.redis().hang();
    for call in 1..=3_u32 {
        let id = u64::from(call);
        let mut answered = Box::pin(larder.scope(tool(&source, id)));
        let clock = async {
            larder.redis().unanswered(call as usize).await;
            larder.clock().advance(OPERATION - MOMENT);
        };
        tokio::select! {
            biased;
            value = &mut answered => panic!("answered {value} too early"),
            () = within(SOON, clock) => {}
        }
        assert_eq!(larder.stats().redis.failures, u64::from(call) - 1);
        larder.clock().advance(MOMENT);
        assert_eq!(within(SOON, answered).await, 1 + id);
        assert_eq!(larder.clock().elapsed(), OPERATION * call);
    }
    assert_eq!(larder.stats().redis.breaker, Breaker::Open);
    assert_eq!(within(SOON, larder.scope(tool(&source, 4))).await, 5);
    assert_eq!(larder.clock().elapsed(), OPERATION * 3, "nothing was sent");
}

#[tokio::test]
async fn after_the_breakers_pause_one_call_tries_and_it_is_used_again() {
    let larder = Larder::testing();
    let there = larder.another();
    let source = Source::of(1);
    larder.redis().hang();
    for call in 1..=3 {
        let clock = async {
            larder.redis().unanswered(call).await;
            larder.clock().advance(OPERATION);
        };
        within(SOON, async { tokio::join!(larder.scope(tool(&source, call as u64)), clock) }).await;
    }
    larder.redis().recover();
    larder.clock().advance(PAUSE - MOMENT);
    larder.scope(tool(&source, 4)).await;
    assert_eq!((larder.stats().redis.breaker, larder.stats().total().hits_redis), (Breaker::Open, 0));
    larder.clock().advance(MOMENT);
    assert_eq!(larder.stats().redis.breaker, Breaker::HalfOpen);
    there.scope(tool(&source, 5)).await;
    larder.scope(tool(&source, 5)).await;
    assert_eq!((larder.stats().redis.breaker, larder.stats().total().hits_redis), (Breaker::Closed, 1));
}

#[tokio::test]
async fn what_recovers_in_time_answers() {
    let here = Larder::testing();
    let there = here.another();
    let source = Source::of(1);
    there.scope(tool(&source, 0)).await;
    here.redis().hang();
    let recover = async {
        here.redis().unanswered(1).await;
        here.clock().advance(OPERATION - MOMENT);
        here.redis().recover();
    };
    within(SOON, async { tokio::join!(here.scope(tool(&source, 0)), recover) }).await;
    assert_eq!((source.runs(), here.stats().total().hits_redis, here.stats().redis.failures), (1, 1, 0));
}

#[tokio::test]
async fn a_value_that_is_stored_late_is_never_served_after_what_ended_it() {
    let here = Larder::testing();
    let there = here.another();
    let (source, gate) = (Source::of(1), Gate::default());
    let clock = async {
        gate.arrived().await;
        here.redis().hang();
        gate.open();
        here.redis().unanswered(1).await;
        here.clock().advance(OPERATION);
    };
    let (old, ()) = within(SOON, async { tokio::join!(here.scope(gated(&source, &gate)), clock) }).await;
    assert_eq!(old, 1);
    source.set(2);
    let recover = async {
        here.redis().unanswered(2).await;
        here.redis().recover();
    };
    let (receipt, ()) = within(SOON, async { tokio::join!(there.invalidate("tools"), recover) }).await;
    assert!(receipt.unwrap().is_applied());
    for larder in [&there, &here] {
        gate.open();
        assert_eq!(within(SOON, larder.scope(gated(&source, &gate))).await, 2);
    }
}

#[tokio::test]
async fn an_end_goes_on_when_nobody_waits_for_it() {
    for in_time in [true, false] {
        let here = Larder::testing();
        let there = here.another();
        let source = Source::of(1);
        there.scope(tool(&source, 0)).await;
        source.set(2);
        here.redis().hang();
        tokio::select! {
            biased;
            receipt = here.invalidate("tools") => panic!("answered: {receipt:?}"),
            () = within(SOON, here.redis().unanswered(1)) => {}
        }
        if !in_time {
            here.clock().advance(OPERATION);
            assert_eq!(here.stats().redis.pending_invalidations, 1, "kept");
        }
        here.redis().recover();
        assert_eq!(here.stats().redis.pending_invalidations, 0);
        assert_eq!(there.scope(tool(&source, 0)).await, 2, "in time: {in_time}");
    }
}

#[tokio::test]
async fn what_hangs_is_given_up_when_it_fails() {
    let larder = Larder::testing();
    let source = Source::of(1);
    larder.redis().hang();
    let fail = async {
        larder.redis().unanswered(1).await;
        larder.redis().fail();
    };
    within(SOON, async { tokio::join!(larder.scope(tool(&source, 0)), fail) }).await;
    assert_eq!((source.runs(), larder.clock().elapsed()), (1, Duration::ZERO));
}

#[test]
fn a_thread_without_a_runtime_is_let_go_by_the_moved_clock() {
    let larder = Larder::testing();
    larder.redis().hang();
    let source = Source::of(1);
    std::thread::scope(|scope| {
        let called = scope.spawn(|| larder.run(|| super::tool_of_a_thread(&source)));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(within(SOON, larder.redis().unanswered(1)));
        assert!(!called.is_finished());
        larder.clock().advance(OPERATION);
        assert_eq!(called.join().unwrap(), 1);
    });
    assert_eq!(larder.stats().redis.failures, 1);
}
