//! Leases go by the moved clock: they expire, are renewed, and pass on with larger tokens.

use std::time::Duration;

use larder::testkit::Testing;
use larder::{ErrorKind, Larder, Leadership, leader};

use super::{MOMENT, both};
use crate::support::{Gate, SOON, within};

#[leader("job", ttl = "30s")]
async fn job(gate: &Gate) -> Leadership<u64> {
    gate.pass().await;
    Leadership::Led(7)
}

#[leader("watch", ttl = "30s", renew = true)]
async fn watch(gate: &Gate) -> Leadership<u64> {
    gate.pass().await;
    Leadership::Led(7)
}

const TTL: Duration = Duration::from_secs(30);
/// What the holder counts on: 2 % less.
const COUNTED: Duration = Duration::from_millis(29_400);

/// Who contends for the leases of an instance: another process, or the same one where there is no Redis.
pub(super) fn contender(larder: &Testing) -> Testing {
    if larder.stats().redis.configured { larder.another() } else { larder.clone() }
}

#[tokio::test]
async fn a_lease_expires_by_the_moved_clock_and_passes_on_with_a_larger_token() {
    for here in both() {
        let there = contender(&here);
        let gate = |larder: &Testing| larder.leader_gate("nightly").ttl(TTL);
        let first = gate(&here).acquire().await.unwrap().unwrap();
        assert_eq!(first.remaining(), COUNTED);
        assert!(gate(&there).acquire().await.unwrap().is_none());
        here.clock().advance(COUNTED - MOMENT);
        assert!(first.is_held());
        assert_eq!(first.remaining(), MOMENT);
        here.clock().advance(MOMENT);
        assert!(!first.is_held());
        assert_eq!(first.remaining(), Duration::ZERO);
        within(SOON, first.lost()).await;
        here.clock().advance(TTL - COUNTED - MOMENT);
        assert!(gate(&there).acquire().await.unwrap().is_none(), "the margin");
        here.clock().advance(MOMENT);
        let second = gate(&there).acquire().await.unwrap().unwrap();
        assert!(second.token() > first.token());
        second.release().await.unwrap();
        let third = gate(&here).acquire().await.unwrap().unwrap();
        assert!(third.token() > first.token());
    }
}

#[tokio::test]
async fn a_grace_keeps_others_out_by_the_moved_clock() {
    const GRACE: Duration = Duration::from_secs(10);
    for here in both() {
        let there = contender(&here);
        let gate = |larder: &Testing| larder.leader_gate("nightly").ttl(TTL).grace(GRACE);
        gate(&here).acquire().await.unwrap().unwrap().release().await.unwrap();
        here.clock().advance(GRACE - MOMENT);
        assert!(gate(&there).acquire().await.unwrap().is_none());
        here.clock().advance(MOMENT);
        assert!(gate(&there).acquire().await.unwrap().is_some());
    }
}

#[tokio::test]
async fn a_body_is_cancelled_when_its_time_is_over() {
    for larder in both() {
        let gate = Gate::default();
        let clock = async {
            gate.arrived().await;
            assert!(matches!(contender(&larder).scope(job(&gate)).await, Leadership::Follower { remaining: TTL, .. }));
            larder.clock().advance(COUNTED);
        };
        let (led, ()) = within(SOON, async { tokio::join!(larder.scope(job(&gate)), clock) }).await;
        assert_eq!(led, Leadership::Lost);
    }
}

#[tokio::test]
async fn a_renewed_lease_outlives_an_hour_and_ends_with_its_redis() {
    let larder = Larder::testing();
    let gate = Gate::default();
    let clock = async {
        gate.arrived().await;
        larder.clock().advance(Duration::from_secs(3_600));
        assert!(matches!(larder.another().scope(watch(&gate)).await, Leadership::Follower { .. }));
        larder.redis().fail();
        larder.clock().advance(TTL);
    };
    let (led, ()) = within(SOON, async { tokio::join!(larder.scope(watch(&gate)), clock) }).await;
    assert_eq!(led, Leadership::Lost);
    assert!(larder.clock().elapsed() > Duration::from_secs(3_600));
}

#[tokio::test]
async fn a_renewed_lease_outlives_an_hour_in_memory() {
    let larder = Larder::testing().without_redis();
    let gate = Gate::default();
    let clock = async {
        gate.arrived().await;
        larder.clock().advance(Duration::from_secs(3_600));
        gate.open();
    };
    let (led, ()) = within(SOON, async { tokio::join!(larder.scope(watch(&gate)), clock) }).await;
    assert_eq!(led, Leadership::Led(7));
}

#[tokio::test]
async fn a_forgotten_lease_passes_on_and_tokens_still_grow() {
    let larder = Larder::testing();
    let mut last = 0;
    for _ in 0..100 {
        let lease = larder.another().leader_gate("nightly").ttl(TTL).acquire().await.unwrap().unwrap();
        assert!(lease.token() > last);
        last = lease.token();
        larder.redis().forget();
    }
}

#[tokio::test]
async fn an_attempt_that_was_granted_too_late_is_taken_back() {
    let here = Larder::testing();
    let there = here.another();
    here.redis().hang();
    let clock = async {
        here.redis().unanswered(1).await;
        here.clock().advance(Duration::from_millis(500));
    };
    let attempt = here.leader_gate("nightly").ttl(TTL).acquire();
    let (attempt, ()) = within(SOON, async { tokio::join!(attempt, clock) }).await;
    assert_eq!(attempt.unwrap_err().kind(), ErrorKind::Unavailable);
    here.redis().recover();
    assert!(there.leader_gate("nightly").ttl(TTL).acquire().await.unwrap().is_some());
}

#[tokio::test]
async fn who_fails_to_ask_does_not_lead() {
    let larder = Larder::testing();
    larder.redis().fail();
    let gate = Gate::default();
    assert!(matches!(larder.scope(job(&gate)).await, Leadership::Follower { .. }));
    let refused = larder.leader_gate("job").acquire().await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Unavailable);
}
