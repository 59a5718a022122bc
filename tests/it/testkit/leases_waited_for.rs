//! Who waits for a lease is woken when it is let go, when its time is over, or when Redis is back, and by nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use larder::testkit::Testing;
use larder::{Error, ErrorKind, Larder, LeaderGate, Leadership, Lease, leader};
use tokio::task::JoinHandle;

use super::both;
use super::leases::contender;
use crate::support::{Gate, SOON, within};

const TTL: Duration = Duration::from_secs(30);
const HOUR: Duration = Duration::from_secs(3_600);
/// By how much those who wait are spread, and the millisecond that Redis rounds away.
const SPREAD: Duration = Duration::from_millis(26);

fn gate(larder: &Testing) -> LeaderGate {
    larder.leader_gate("nightly").ttl(TTL)
}

type Waiting = JoinHandle<Result<Option<Lease>, Error>>;

/// Begins to wait, and returns when the lease was asked for.
async fn begin(larder: &Testing, wait: Duration) -> Waiting {
    let waiting = tokio::spawn(gate(larder).wait(wait).acquire());
    settled(larder).await;
    assert!(!waiting.is_finished(), "it does not wait");
    waiting
}

/// Lets all that is due happen, here and on the instance's thread.
async fn settled(larder: &Testing) {
    tokio::task::yield_now().await;
    larder.clock().advance(Duration::ZERO);
    tokio::task::yield_now().await;
}

#[tokio::test]
async fn a_release_wakes_who_waits_without_a_moment_passing() {
    for here in both() {
        let there = contender(&here);
        let first = gate(&here).acquire().await.unwrap().unwrap();
        let waiting = begin(&there, HOUR).await;
        let token = first.token();
        first.release().await.unwrap();
        let second = within(SOON, waiting).await.unwrap().unwrap().unwrap();
        assert!(second.token() > token);
        assert_eq!(here.clock().elapsed(), Duration::ZERO);
    }
}

#[tokio::test]
async fn a_dropped_lease_wakes_who_waits() {
    for here in both() {
        let first = gate(&here).acquire().await.unwrap().unwrap();
        let waiting = begin(&contender(&here), HOUR).await;
        drop(first);
        assert!(within(SOON, waiting).await.unwrap().unwrap().is_some());
    }
}

#[tokio::test]
async fn who_waits_for_a_holder_that_is_gone_asks_when_its_time_is_over_and_not_before() {
    for here in both() {
        let there = contender(&here);
        let first = gate(&here).acquire().await.unwrap().unwrap();
        let waiting = begin(&there, HOUR).await;
        here.clock().advance(TTL);
        settled(&there).await;
        assert!(!waiting.is_finished(), "asked before the last millisecond was over");
        here.clock().advance(SPREAD);
        assert!(within(SOON, waiting).await.unwrap().unwrap().is_some());
        assert!(!first.is_held());
    }
}

#[tokio::test]
async fn a_wait_that_ends_returns_what_skip_returns() {
    #[leader("nightly", ttl = "30s", mode = wait(Duration::from_secs(seconds)))]
    async fn waits(seconds: u64) -> Leadership<u32> {
        Leadership::Led(1)
    }

    for here in both() {
        let there = contender(&here);
        let _first = gate(&here).renew(true).acquire().await.unwrap().unwrap();
        let waiting = begin(&there, Duration::from_secs(100)).await;
        here.clock().advance(Duration::from_secs(100) - Duration::from_millis(1));
        settled(&there).await;
        assert!(!waiting.is_finished(), "it gave up too early");
        here.clock().advance(Duration::from_millis(1));
        assert!(within(SOON, waiting).await.unwrap().unwrap().is_none());
        let called = tokio::spawn(there.scope(waits(5)));
        settled(&there).await;
        here.clock().advance(Duration::from_secs(5));
        let Leadership::Follower { holder, remaining } = within(SOON, called).await.unwrap() else { panic!("led") };
        assert!(holder.ends_with(&std::process::id().to_string()), "{holder}");
        assert!(remaining > Duration::ZERO && remaining <= TTL - Duration::from_secs(5), "{remaining:?}");
        assert_eq!(there.stats().leases.followers, 2);
    }
}

#[tokio::test]
async fn who_waits_is_told_of_a_grace_and_waits_for_its_end() {
    for here in both() {
        let first = gate(&here).grace(Duration::from_secs(10)).acquire().await.unwrap().unwrap();
        let waiting = begin(&contender(&here), HOUR).await;
        first.release().await.unwrap();
        here.clock().advance(Duration::from_secs(10));
        settled(&here).await;
        assert!(!waiting.is_finished());
        here.clock().advance(SPREAD);
        assert!(within(SOON, waiting).await.unwrap().unwrap().is_some());
    }
}

#[tokio::test]
async fn who_waits_while_redis_is_away_goes_on_when_it_is_back() {
    let here = Larder::testing();
    let first = gate(&here).acquire().await.unwrap().unwrap();
    let waiting = begin(&here.another(), HOUR).await;
    here.redis().fail();
    here.clock().advance(Duration::from_secs(1));
    // Nobody hears of this one, and nobody can be asked.
    drop(first);
    here.clock().advance(TTL);
    settled(&here).await;
    assert!(!waiting.is_finished());
    here.redis().recover();
    assert!(within(SOON, waiting).await.unwrap().unwrap().is_some());
}

#[tokio::test]
async fn a_wait_that_ends_while_redis_is_away_is_unavailable() {
    let here = Larder::testing();
    here.redis().fail();
    let waiting = begin(&here, Duration::from_secs(10)).await;
    here.clock().advance(Duration::from_secs(10));
    let error = within(SOON, waiting).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn who_no_longer_waits_takes_nothing() {
    for here in both() {
        let there = contender(&here);
        let first = gate(&here).acquire().await.unwrap().unwrap();
        let waiting = begin(&there, HOUR).await;
        waiting.abort();
        assert!(waiting.await.unwrap_err().is_cancelled());
        settled(&there).await;
        first.release().await.unwrap();
        here.clock().advance(TTL * 2);
        let elections = [here.stats(), there.stats()].map(|stats| stats.leases.elections);
        // In memory, both are one instance.
        let expected = if here.stats().redis.configured { [1, 0] } else { [1, 1] };
        assert_eq!(elections, expected);
    }
}

#[tokio::test]
async fn calls_of_one_process_that_wait_run_one_after_the_other() {
    #[derive(Default)]
    struct Seen {
        now: AtomicU64,
        runs: AtomicU64,
        gate: Gate,
    }

    #[leader("turns", ttl = "30s", mode = wait("1h"))]
    async fn turn(seen: &Seen) -> Option<()> {
        assert_eq!(seen.now.fetch_add(1, Ordering::SeqCst), 0, "two at a time");
        seen.gate.pass().await;
        seen.now.fetch_sub(1, Ordering::SeqCst);
        seen.runs.fetch_add(1, Ordering::SeqCst);
        Some(())
    }

    for here in both() {
        let seen = Arc::new(Seen::default());
        let calls: Vec<_> = (0..5)
            .map(|number| {
                let (larder, seen) = (if number % 2 == 0 { here.clone() } else { contender(&here) }, Arc::clone(&seen));
                tokio::spawn(async move { larder.scope(turn(&seen)).await })
            })
            .collect();
        for _ in 0..5 {
            seen.gate.arrived().await;
            seen.gate.open();
        }
        for call in calls {
            assert_eq!(within(SOON, call).await.unwrap(), Some(()));
        }
        assert_eq!(seen.runs.load(Ordering::SeqCst), 5);
        assert_eq!(here.clock().elapsed(), Duration::ZERO);
    }
}

#[tokio::test]
async fn a_sync_function_waits_too() {
    #[leader("nightly", ttl = "30s", mode = wait("1h"))]
    fn in_a_thread() -> Leadership<u32> {
        Leadership::Led(7)
    }

    for here in both() {
        let there = contender(&here);
        let first = gate(&here).acquire().await.unwrap().unwrap();
        let called = {
            let there = there.clone();
            tokio::task::spawn_blocking(move || there.run(in_a_thread))
        };
        let watch = async {
            here.clock().advance(Duration::from_secs(1));
            first.release().await.unwrap();
        };
        let (led, ()) = within(SOON, async { tokio::join!(called, watch) }).await;
        assert_eq!(led.unwrap(), Leadership::Led(7));
    }
}

#[leader("alone", ttl = "30s", mode = wait("1h"), on_unavailable = run)]
async fn alone(gate: &Gate) -> Leadership<u32> {
    gate.pass().await;
    Leadership::Led(7)
}

/// A call of [`alone`] under way.
fn call(larder: &Testing, gate: &Arc<Gate>) -> JoinHandle<Leadership<u32>> {
    let (larder, gate) = (larder.clone(), Arc::clone(gate));
    tokio::spawn(async move { larder.scope(alone(&gate)).await })
}

#[tokio::test]
async fn where_redis_is_known_to_be_away_on_unavailable_runs_without_a_wait_and_one_at_a_time() {
    let here = Larder::testing();
    here.redis().fail();
    here.clock().advance(Duration::from_secs(1));
    assert!(!here.stats().redis.connected, "known");
    let (begun, inside) = (here.clock().elapsed(), Arc::new(Gate::default()));
    let calls = [call(&here, &inside), call(&here, &inside)];
    inside.arrived().await;
    settled(&here).await;
    assert!(calls.iter().all(|call| !call.is_finished()), "the other waits for its turn");
    inside.open();
    inside.arrived().await;
    assert_eq!(calls.iter().filter(|call| call.is_finished()).count(), 1, "the turn comes when the first is done");
    inside.open();
    for call in calls {
        assert_eq!(within(SOON, call).await.unwrap(), Leadership::Led(7));
    }
    assert_eq!(here.clock().elapsed(), begun, "nobody waited for Redis");
}

#[tokio::test]
async fn who_waits_for_another_when_redis_goes_away_runs_when_that_one_s_time_is_over() {
    let here = Larder::testing();
    let (there, inside) = (here.another(), Arc::new(Gate::default()));
    let first = here.leader_gate("alone").ttl(TTL).acquire().await.unwrap().unwrap();
    let waiting = call(&there, &inside);
    settled(&there).await;
    assert!(!waiting.is_finished());
    here.redis().fail();
    here.clock().advance(TTL / 2);
    settled(&there).await;
    assert!(first.is_held());
    assert_eq!(there.stats().leases.elections, 0, "another leads, by all that is known");
    here.clock().advance(TTL / 2 + Duration::from_secs(1) + SPREAD);
    inside.arrived().await;
    assert!(!first.is_held());
    inside.open();
    assert_eq!(within(SOON, waiting).await.unwrap(), Leadership::Led(7));
}

#[tokio::test]
async fn who_waits_for_the_call_in_this_process_asks_redis_again_when_it_is_back() {
    let here = Larder::testing();
    here.redis().fail();
    here.clock().advance(Duration::from_secs(1));
    let inside = Arc::new(Gate::default());
    let calls = [call(&here, &inside), call(&here, &inside)];
    inside.arrived().await;
    here.redis().recover();
    // By Redis, nobody leads: the other call is elected there.
    inside.arrived().await;
    let leaders = here.leaders().await.unwrap();
    assert_eq!(leaders.iter().map(|leader| leader.key.as_str()).collect::<Vec<_>>(), ["alone"]);
    for call in calls {
        inside.open();
        assert_eq!(within(SOON, call).await.unwrap(), Leadership::Led(7));
    }
}

#[tokio::test]
async fn where_redis_is_away_and_the_wait_is_over_on_unavailable_runs_one_at_a_time() {
    #[leader("patient", ttl = "30s", mode = wait("2s"), on_unavailable = run)]
    async fn patient(gate: &Gate) -> Leadership<u32> {
        gate.pass().await;
        Leadership::Led(7)
    }

    let here = Larder::testing();
    here.redis().fail();
    let inside = Arc::new(Gate::default());
    let call = || {
        let (here, inside) = (here.clone(), Arc::clone(&inside));
        tokio::spawn(async move { here.scope(patient(&inside)).await })
    };
    let calls = [call(), call()];
    settled(&here).await;
    here.clock().advance(Duration::from_secs(2));
    inside.arrived().await;
    inside.open();
    let mut led = 0;
    for call in calls {
        led += u32::from(matches!(within(SOON, call).await.unwrap(), Leadership::Led(7)));
    }
    assert_eq!(led, 1);
}
