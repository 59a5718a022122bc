//! Promise 10, when the lease is lost: the body is stopped before another may run, and only the owner lets go.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use larder::{Larder, Leadership, leader};

use crate::proxy::Proxy;
use crate::server::RedisServer;
use crate::support::{Gate, SOON, connected, eventually_async, memory, node, node_at, within};

/// What a body did.
#[derive(Debug, Default)]
struct Seen {
    gate: Gate,
    after: AtomicBool,
    /// When it was dropped, in milliseconds since it began.
    dropped: AtomicU64,
}

struct OnDrop<'a>(&'a Seen, Instant);

impl Drop for OnDrop<'_> {
    fn drop(&mut self) {
        let millis = u64::try_from(self.1.elapsed().as_millis()).unwrap();
        self.0.dropped.store(millis.max(1), Ordering::SeqCst);
    }
}

impl Seen {
    fn ended_after_its_work(&self) -> bool {
        self.after.load(Ordering::SeqCst)
    }

    fn dropped(&self) -> Duration {
        Duration::from_millis(self.dropped.load(Ordering::SeqCst))
    }
}

#[leader("short", ttl = "400ms")]
async fn short(seen: &Seen) -> Leadership<u32> {
    let _dropped = OnDrop(seen, Instant::now());
    seen.gate.pass().await;
    seen.after.store(true, Ordering::SeqCst);
    Leadership::Led(1)
}

/// Works until it has seen its lease renewed so often that one ttl is over: each third of it, so that a busy machine may
/// be late by a second.
#[leader("renewed", ttl = "1500ms", renew = true)]
async fn renewed(seen: &Seen) -> Leadership<u32> {
    let _dropped = OnDrop(seen, Instant::now());
    let lease = larder::lease().unwrap();
    let (mut left, mut renewals) = (lease.remaining(), 0);
    while renewals < 4 {
        tokio::time::sleep(Duration::from_millis(5)).await;
        let now = lease.remaining();
        renewals += u32::from(now > left);
        left = now;
    }
    seen.after.store(true, Ordering::SeqCst);
    Leadership::Led(1)
}

#[leader("held", ttl = "700ms", renew = true)]
async fn held(seen: &Seen) -> Leadership<u32> {
    let _dropped = OnDrop(seen, Instant::now());
    seen.gate.pass().await;
    seen.after.store(true, Ordering::SeqCst);
    Leadership::Led(1)
}

/// When, to the moment: see `testkit::leases`, and `tests/leaders` on the machine's own clock.
#[tokio::test]
async fn a_body_longer_than_the_lease_is_stopped_and_its_later_statements_never_run() {
    let server = RedisServer::start();
    for larder in [memory().await, node(&server).await] {
        let seen = Seen::default();
        assert_eq!(within(SOON, larder.scope(short(&seen))).await, Leadership::Lost);
        assert!(seen.dropped() > Duration::ZERO, "it is gone when its call returns");
        assert!(!seen.ended_after_its_work());
    }
}

#[tokio::test]
async fn a_renewed_lease_lasts_as_long_as_its_body() {
    let server = RedisServer::start();
    let (memory, node) = (memory().await, node(&server).await);
    let outlives = async |larder: &Larder| {
        let seen = Seen::default();
        assert_eq!(within(SOON, larder.scope(renewed(&seen))).await, Leadership::Led(1));
        assert!(seen.ended_after_its_work());
        assert!(seen.dropped() > Duration::from_millis(1500), "that was no longer than its ttl: {:?}", seen.dropped());
    };
    tokio::join!(outlives(&memory), outlives(&node));
}

/// Leads in `larder`, breaks something, and returns what became of the call and when.
async fn broken(larder: &Larder, breaks: impl AsyncFnOnce()) -> (Leadership<u32>, Arc<Seen>, Duration) {
    let seen = Arc::new(Seen::default());
    let leading = {
        let (larder, seen) = (larder.clone(), Arc::clone(&seen));
        tokio::spawn(larder.scope(async move { held(&seen).await }))
    };
    seen.gate.arrived().await;
    breaks().await;
    let begun = Instant::now();
    let became = within(SOON, leading).await.unwrap();
    (became, seen, begun.elapsed())
}

/// The ttl of [`held`], and the margin of a busy machine.
const TTL: Duration = Duration::from_millis(700 + 150);

#[tokio::test]
async fn a_killed_server_stops_the_body_no_later_than_the_ttl() {
    let mut server = RedisServer::start();
    let larder = node(&server).await;
    let (became, seen, after) = broken(&larder, async || server.kill()).await;
    assert_eq!(became, Leadership::Lost);
    assert!(!seen.ended_after_its_work());
    assert!(after <= TTL, "stopped after {after:?}");
}

#[tokio::test]
async fn a_stopped_server_stops_the_body_no_later_than_the_ttl_however_long_an_operation_may_take() {
    let server = RedisServer::start();
    let patient = Larder::builder().ignore_environment().namespace("it").operation_timeout(Duration::from_secs(5));
    let larder = patient.redis(server.url()).build().await.unwrap();
    connected(&larder).await;
    let (became, seen, after) = broken(&larder, async || server.freeze()).await;
    assert_eq!(became, Leadership::Lost);
    assert!(!seen.ended_after_its_work());
    assert!(seen.dropped() > Duration::ZERO);
    assert!(after <= TTL, "stopped after {after:?}");
    server.thaw();
}

#[tokio::test]
async fn a_leader_cut_off_from_redis_is_stopped_before_another_leads() {
    #[leader("cut off", ttl = "3s", renew = true)]
    async fn cut_off(seen: &Seen) -> Leadership<u32> {
        let _dropped = OnDrop(seen, Instant::now());
        seen.gate.pass().await;
        Leadership::Led(1)
    }

    let server = RedisServer::start();
    let proxy = Proxy::before(server.port());
    let patient = Larder::builder().ignore_environment().namespace("it").operation_timeout(Duration::from_secs(5));
    let (a, b) = (patient.redis(proxy.url()).build().await.unwrap(), node(&server).await);
    connected(&a).await;
    let seen = Arc::new(Seen::default());
    let leading = {
        let (a, seen) = (a.clone(), Arc::clone(&seen));
        tokio::spawn(a.scope(async move { cut_off(&seen).await }))
    };
    seen.gate.arrived().await;
    // Shortly before the first renewal, at a third of the ttl, which then waits for its answer.
    tokio::time::sleep(Duration::from_millis(850)).await;
    proxy.silence_all();
    let next = eventually_async(SOON, "another", async || b.leader_gate("cut off").acquire().await.unwrap().is_some());
    next.await;
    assert!(seen.dropped() > Duration::ZERO, "another leads while the body lives");
    assert_eq!(within(SOON, leading).await.unwrap(), Leadership::Lost);
}

#[tokio::test]
async fn a_lease_taken_over_by_hand_is_noticed_and_is_not_released_by_its_former_owner() {
    let server = RedisServer::start();
    let larder = node(&server).await;
    let mut key = String::new();
    let take_over = async || {
        key = server.keys_with("@lease:").await.remove(0);
        let _: u64 = server.run(&format!("HSET {key} owner somebody-else")).await;
        let _: u64 = server.run(&format!("PEXPIRE {key} 60000")).await;
    };
    let (became, seen, after) = broken(&larder, take_over).await;
    assert_eq!(became, Leadership::Lost);
    assert!(!seen.ended_after_its_work());
    assert!(after <= TTL);
    let owner: String = server.run(&format!("HGET {key} owner")).await;
    assert_eq!(owner, "somebody-else");
    let life: i64 = server.run(&format!("PTTL {key}")).await;
    assert!(life > 50_000, "it was neither released nor renewed: {life}");
}

#[tokio::test]
async fn a_release_lets_go_of_one_s_own_lease_only() {
    let server = RedisServer::start();
    let larder = node(&server).await;
    let lease = larder.leader_gate("mine").acquire().await.unwrap().expect("free");
    let key = server.keys_with("@lease:").await.remove(0);
    let _: u64 = server.run(&format!("DEL {key}")).await;
    let next = larder.leader_gate("mine").acquire().await.unwrap().expect("free again");
    lease.release().await.unwrap();
    assert_eq!(server.keys_with("@lease:").await.len(), 1, "the next holder's lease is still there");
    next.release().await.unwrap();
    assert!(server.keys_with("@lease:").await.is_empty());
}

#[tokio::test]
async fn an_attempt_whose_answer_was_lost_locks_nobody_out() {
    let server = RedisServer::start();
    let proxy = Proxy::before(server.port());
    let (a, b) = (node_at(&proxy.url()).await, node(&server).await);
    server.freeze();
    let attempt = a.leader_gate("unknown").ttl(Duration::from_secs(600)).acquire().await;
    assert!(attempt.is_err(), "{attempt:?}");
    server.thaw();
    connected(&a).await;
    eventually_async(SOON, "free", async || match b.leader_gate("unknown").acquire().await {
        Ok(Some(lease)) => {
            lease.release().await.unwrap();
            server.keys_with("@lease:").await.is_empty()
        }
        _ => false,
    })
    .await;
}

#[tokio::test]
async fn a_sync_body_sees_the_loss_of_its_lease() {
    #[leader("sync", ttl = "200ms")]
    fn sync_body() -> Leadership<u32> {
        let lease = larder::lease().unwrap();
        let begun = Instant::now();
        while lease.is_held() && begun.elapsed() < SOON {
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(begun.elapsed() <= Duration::from_millis(230));
        Leadership::Led(1)
    }

    let larder = memory().await;
    let lost = tokio::task::spawn_blocking(move || larder.run(sync_body)).await.unwrap();
    assert_eq!(lost, Leadership::Lost);
}
