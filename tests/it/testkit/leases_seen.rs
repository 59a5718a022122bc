//! Leases are seen: checked, listed, counted, and ended with the work under them.

use std::sync::Mutex;
use std::time::Duration;

use larder::testkit::Testing;
use larder::{ErrorKind, Larder, LeaderGate, Leadership, Lease, leader};

use super::leases::contender;
use super::{MOMENT, both};
use crate::support::{Gate, SOON, within};

const TTL: Duration = Duration::from_secs(30);

fn gate(larder: &Testing) -> LeaderGate {
    larder.leader_gate("nightly").ttl(TTL)
}

#[tokio::test]
async fn a_lease_that_redis_has_not_any_more_is_lost_when_it_is_checked() {
    let here = Larder::testing();
    let lease = gate(&here).acquire().await.unwrap().unwrap();
    assert!(lease.check().await.unwrap());
    here.redis().forget();
    assert!(lease.is_held(), "nobody told it");
    assert!(!lease.check().await.unwrap());
    assert!(!lease.is_held());
    assert_eq!(lease.remaining(), Duration::ZERO);
    within(SOON, lease.lost()).await;
    assert_eq!(here.stats().leases.lost, 1);
    assert!(!lease.check().await.unwrap(), "once lost");
}

#[tokio::test]
async fn a_check_of_another_s_lease_or_of_a_grace_says_no() {
    for here in both() {
        let there = contender(&here);
        let lease = gate(&here).acquire().await.unwrap().unwrap();
        assert!(lease.check().await.unwrap());
        let other = lease.clone();
        here.clock().advance(TTL);
        let next = gate(&there).acquire().await.unwrap().unwrap();
        assert!(!lease.check().await.unwrap());
        assert!(next.check().await.unwrap());
        assert!(!other.is_held());
        let kept = next.clone();
        next.release().await.unwrap();
        assert!(!kept.check().await.unwrap());
    }
}

#[tokio::test]
async fn a_check_that_nobody_answers_changes_nothing() {
    let here = Larder::testing();
    let lease = gate(&here).acquire().await.unwrap().unwrap();
    here.redis().fail();
    let error = lease.check().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("it ends by its time"), "{error}");
    assert!(lease.is_held());
}

#[tokio::test]
async fn leaders_are_listed_with_holder_token_and_time_until_they_are_gone() {
    for here in both() {
        let there = contender(&here);
        assert!(there.leaders().await.unwrap().is_empty());
        let nightly = gate(&here).acquire().await.unwrap().unwrap();
        let odd = here.leader_gate("an odd/key").grace(TTL).acquire().await.unwrap().unwrap();
        here.clock().advance(Duration::from_secs(10));
        let leaders = there.leaders().await.unwrap();
        let [hashed, plain] = leaders.as_slice() else { panic!("{leaders:?}") };
        assert_eq!((plain.key.as_str(), plain.token), ("nightly", nightly.token()));
        assert_eq!(plain.holder.pid, std::process::id());
        assert!(!plain.holder.host.is_empty() && plain.holder.started.elapsed().unwrap() < Duration::from_secs(600));
        assert_eq!(plain.remaining, TTL - Duration::from_secs(10));
        assert!(!plain.in_grace);
        assert!(hashed.key.starts_with('#') && hashed.key.len() == 65, "{}", hashed.key);
        odd.release().await.unwrap();
        let leaders = there.leaders().await.unwrap();
        assert!(leaders[0].in_grace && leaders[0].remaining == TTL, "{leaders:?}");
        nightly.release().await.unwrap();
        here.clock().advance(TTL);
        assert!(there.leaders().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn who_cannot_be_asked_lists_nobody() {
    let here = Larder::testing();
    here.redis().fail();
    assert_eq!(here.leaders().await.unwrap_err().kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn elections_renewals_losses_and_followers_are_counted() {
    for here in both() {
        let there = contender(&here);
        let lease = gate(&here).renew(true).acquire().await.unwrap().unwrap();
        assert!(gate(&there).acquire().await.unwrap().is_none());
        here.clock().advance(Duration::from_secs(3_600));
        let stats = here.stats().leases;
        assert_eq!((stats.elections, stats.lost), (1, 0));
        assert!((360..=400).contains(&stats.renewals), "each third of 30 s, or a little sooner: {stats:?}");
        assert_eq!(there.stats().leases.followers, 1);
        lease.release().await.unwrap();
        let short = gate(&here).acquire().await.unwrap().unwrap();
        here.clock().advance(TTL);
        drop(short);
        let stats = here.stats().leases;
        assert_eq!((stats.elections, stats.lost), (2, 1));
        let shown = serde_json::to_value(here.stats()).unwrap();
        assert_eq!(shown["leases"]["lost"], 1, "{shown}");
    }
}

#[tokio::test]
async fn a_lease_ends_with_its_body_also_where_another_has_a_handle() {
    #[leader("taken along", ttl = "30s", renew = true)]
    async fn led(kept: &Mutex<Option<Lease>>, gate: &Gate) -> Option<()> {
        *kept.lock().unwrap() = larder::lease();
        gate.pass().await;
        Some(())
    }

    for here in both() {
        let (inside, kept) = (Gate::default(), Mutex::default());
        inside.open();
        assert_eq!(here.scope(led(&kept, &inside)).await, Some(()));
        inside.arrived().await;
        assert!(kept.lock().unwrap().take().is_some_and(|lease| !lease.is_held()), "its body returned");
        // A call that is dropped.
        let mut call = Box::pin(here.scope(led(&kept, &inside)));
        tokio::select! { biased; _ = &mut call => panic!("it does not return"), () = inside.arrived() => {} }
        let lease = kept.lock().unwrap().take().unwrap();
        assert!(lease.is_held());
        drop(call);
        assert!(!lease.is_held());
        let waited = tokio::spawn(contender(&here).leader_gate("taken along").wait(TTL).acquire());
        assert!(within(SOON, waited).await.unwrap().unwrap().is_some());
    }
}

#[tokio::test]
async fn a_lease_whose_time_ran_out_is_lost_not_released_and_keeps_nobody_out() {
    for here in both() {
        let lease = gate(&here).grace(TTL).acquire().await.unwrap().unwrap();
        // A moment before the server lets go.
        here.clock().advance(TTL - MOMENT);
        lease.release().await.unwrap();
        assert!(gate(&contender(&here)).acquire().await.unwrap().is_some());
        assert_eq!(here.stats().leases.lost, 1);
    }
}

#[tokio::test]
async fn a_sync_body_that_panics_lets_its_lease_go() {
    #[leader("sync", ttl = "30s", grace = "20s")]
    fn unlucky(lucky: bool) -> Leadership<u32> {
        assert!(lucky, "on purpose");
        Leadership::Led(7)
    }

    for here in both() {
        let (larder, next) = (here.clone(), contender(&here));
        assert!(tokio::task::spawn_blocking(move || larder.run(|| unlucky(false))).await.is_err());
        // It is let go in the background.
        let waited = next.leader_gate("sync").wait(TTL).acquire();
        assert!(within(SOON, waited).await.unwrap().is_some());
        assert_eq!(here.clock().elapsed(), Duration::ZERO);
    }
}

#[tokio::test]
async fn a_result_is_returned_though_the_release_fails_and_the_lease_is_let_go_when_redis_is_back() {
    #[leader("unlucky", ttl = "300s")]
    async fn unlucky(gate: &Gate) -> Leadership<u32> {
        gate.pass().await;
        Leadership::Led(7)
    }

    let here = Larder::testing();
    let inside = Gate::default();
    let breaks = async {
        inside.arrived().await;
        here.redis().fail();
        inside.open();
    };
    let (led, ()) = within(SOON, async { tokio::join!(here.scope(unlucky(&inside)), breaks) }).await;
    assert_eq!(led, Leadership::Led(7));
    here.clock().advance(Duration::from_secs(10));
    here.redis().recover();
    here.clock().advance(Duration::from_secs(1));
    assert!(here.another().leader_gate("unlucky").acquire().await.unwrap().is_some(), "long before its time");
}

#[tokio::test]
async fn a_grace_whose_release_was_late_ends_when_it_would_have_ended() {
    let here = Larder::testing();
    let there = here.another();
    let lease = here.leader_gate("late").ttl(TTL * 10).grace(Duration::from_secs(20)).acquire().await.unwrap().unwrap();
    here.redis().fail();
    lease.release().await.unwrap_err();
    here.clock().advance(Duration::from_secs(10));
    here.redis().recover();
    // Its own process does not get around it either.
    assert!(here.leader_gate("late").acquire().await.unwrap().is_none());
    here.clock().advance(Duration::from_secs(1));
    here.clock().advance(Duration::from_secs(9) - MOMENT);
    assert!(there.leader_gate("late").acquire().await.unwrap().is_none());
    here.clock().advance(MOMENT);
    assert!(there.leader_gate("late").acquire().await.unwrap().is_some());
}

#[tokio::test]
async fn a_key_is_told_as_it_was_asked_for() {
    let here = Larder::testing();
    let lease = here.leader_gate("an odd/key").acquire().await.unwrap().unwrap();
    assert_eq!(lease.key(), "an odd/key");
    assert!(!format!("{lease:?}").contains("odd"), "{lease:?}");
}
