//! The stand-in shares, announces, refuses and forgets as Redis does.

use std::time::Duration;

use larder::{Breaker, Larder, ttl_cached};

use super::{MOMENT, tool};
use crate::support::Source;

#[ttl_cached(entity = "tools", skip(source), coherence = strict)]
async fn strict_tool(source: &Source) -> u64 {
    source.read()
}

#[ttl_cached(entity = "tool", skip(source), tags("tool:{id}"))]
async fn tagged(source: &Source, id: u64) -> u64 {
    source.read() + id
}

const HEARTBEAT: Duration = Duration::from_millis(100);
const LEASE: Duration = Duration::from_secs(1);

#[tokio::test]
async fn what_another_instance_ended_is_gone_at_once() {
    let here = Larder::testing();
    let there = here.another();
    let source = Source::of(0);
    for value in 1..=50 {
        here.scope(tagged(&source, 7)).await;
        here.scope(strict_tool(&source)).await;
        source.set(value);
        assert!(there.invalidate("tool:7").await.unwrap().is_applied());
        assert!(there.invalidate("tools").await.unwrap().is_applied());
        assert_eq!(here.scope(tagged(&source, 7)).await, value + 7);
        assert_eq!(here.scope(strict_tool(&source)).await, value);
        assert_eq!(there.scope(tagged(&source, 7)).await, value + 7, "what is shared is the new value");
    }
    assert_eq!(there.stats().total().misses, 0, "all of it was computed here");
    assert!(there.clear().await.unwrap().is_applied());
    let runs = source.runs();
    here.scope(tagged(&source, 7)).await;
    assert_eq!(source.runs(), runs + 1);
}

#[tokio::test]
async fn a_failing_redis_costs_no_time_and_two_heartbeats_later_the_link_is_down() {
    let larder = Larder::testing();
    let source = Source::of(1);
    larder.redis().fail();
    larder.scope(tool(&source, 0)).await;
    assert_eq!((source.runs(), larder.clock().elapsed()), (1, Duration::ZERO));
    assert_eq!(larder.stats().total().errors, 1, "the refusal was counted");
    larder.clock().advance(2 * HEARTBEAT - MOMENT);
    assert!(larder.stats().redis.connected);
    larder.clock().advance(MOMENT);
    assert!(!larder.stats().redis.connected);
    larder.scope(tool(&source, 1)).await;
    assert_eq!(larder.stats().total().errors, 1, "nothing was sent");
    assert!(!larder.health().await.is_up());
    larder.redis().recover();
    assert!(larder.health().await.is_up());
    let redis = larder.stats().redis;
    assert_eq!((redis.connects, redis.breaker), (2, Breaker::Closed));
}

#[tokio::test]
async fn while_it_fails_what_another_ended_is_served_for_one_lease() {
    for step in [LEASE, 3 * HEARTBEAT, HEARTBEAT] {
        let here = Larder::testing();
        let there = here.another();
        let source = Source::of(1);
        here.scope(tool(&source, 0)).await;
        here.redis().fail();
        source.set(2);
        assert!(!there.invalidate("tools").await.unwrap().is_applied());
        assert_eq!(there.scope(tool(&source, 0)).await, 2, "fresh where it was ended");
        while here.clock().elapsed() + step < LEASE {
            here.clock().advance(step);
            assert_eq!(here.scope(tool(&source, 0)).await, 1, "nobody could tell");
        }
        here.clock().advance(LEASE - here.clock().elapsed());
        assert_eq!(here.scope(tool(&source, 0)).await, 2, "nobody could confirm");
    }
}

#[tokio::test]
async fn what_was_ended_while_it_failed_is_delivered_as_it_recovers() {
    for away in [Duration::ZERO, 2 * HEARTBEAT, Duration::from_secs(3_600)] {
        let here = Larder::testing();
        let there = here.another();
        let source = Source::of(1);
        here.scope(tagged(&source, 0)).await;
        there.scope(tagged(&source, 0)).await;
        assert_eq!(source.runs(), 1);
        here.redis().fail();
        here.clock().advance(away);
        source.set(2);
        assert!(!here.invalidate("tool:0").await.unwrap().is_applied());
        assert_eq!(here.stats().redis.pending_invalidations, 1);
        here.redis().recover();
        assert_eq!(here.stats().redis.pending_invalidations, 0);
        assert_eq!(there.scope(tagged(&source, 0)).await, 2, "away for {away:?}");
        assert_eq!(here.scope(tagged(&source, 0)).await, 2);
        assert_eq!(source.runs(), 2, "the two share it again");
    }
}

#[tokio::test]
async fn what_still_matches_after_a_failure_lives_on() {
    let larder = Larder::testing();
    let source = Source::of(1);
    larder.scope(tool(&source, 0)).await;
    larder.redis().fail();
    larder.clock().advance(Duration::from_secs(10));
    larder.redis().recover();
    larder.scope(tool(&source, 0)).await;
    assert_eq!((source.runs(), larder.stats().total().hits_memory), (1, 1));
}

#[tokio::test]
async fn what_was_forgotten_is_a_miss_and_never_an_old_value() {
    let here = Larder::testing();
    let there = here.another();
    let source = Source::of(1);
    for round in 0..20 {
        source.set(2 * round);
        here.scope(tool(&source, round)).await;
        there.scope(tool(&source, round)).await;
        source.set(2 * round + 1);
        there.invalidate("tools").await.unwrap();
        here.redis().forget();
        for larder in [&there, &here] {
            let fresh = 2 * round + 1 + round;
            assert_eq!(larder.scope(tool(&source, round)).await, fresh, "ended before it was forgotten");
        }
        here.clock().advance(HEARTBEAT);
        let runs = source.runs();
        assert_eq!(here.scope(tool(&source, round)).await, 3 * round + 1);
        assert_eq!(source.runs(), runs + 1, "a miss, once the loss was noticed");
        assert_eq!(there.scope(tool(&source, round)).await, 3 * round + 1);
        assert_eq!(source.runs(), runs + 1, "and shared again");
    }
}

#[tokio::test]
async fn a_strict_call_notices_a_loss_itself() {
    let here = Larder::testing();
    let there = here.another();
    let source = Source::of(1);
    here.scope(strict_tool(&source)).await;
    there.scope(strict_tool(&source)).await;
    assert_eq!(source.runs(), 1);
    source.set(2);
    here.redis().forget();
    assert_eq!(there.scope(strict_tool(&source)).await, 2);
    assert_eq!(here.scope(strict_tool(&source)).await, 2);
    assert_eq!(source.runs(), 2, "shared again");
}

#[tokio::test]
async fn a_loss_is_noticed_at_the_next_heartbeat() {
    let larder = Larder::testing();
    let source = Source::of(1);
    larder.scope(tool(&source, 0)).await;
    larder.clock().advance(HEARTBEAT);
    larder.redis().forget();
    larder.clock().advance(HEARTBEAT - MOMENT);
    larder.scope(tool(&source, 0)).await;
    assert_eq!(source.runs(), 1, "nothing had ended it");
    larder.clock().advance(MOMENT);
    larder.scope(tool(&source, 0)).await;
    assert_eq!(source.runs(), 2);
}

#[tokio::test]
async fn an_instance_made_while_it_fails_is_linked_as_it_recovers() {
    let here = Larder::testing();
    here.redis().fail();
    let there = here.another();
    let source = Source::of(1);
    assert!(!there.stats().redis.connected);
    assert_eq!(there.scope(tool(&source, 0)).await, 1);
    here.redis().recover();
    assert!(there.stats().redis.connected);
    there.scope(tool(&source, 1)).await;
    here.scope(tool(&source, 1)).await;
    assert_eq!(source.runs(), 2, "shared");
}
