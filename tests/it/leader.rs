//! Promise 10: at most one leads, across instances and processes; the others are told who.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use larder::{Error, Larder, LeaderGate, Leadership, leader};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::node::Node;
use crate::server::RedisServer;
use crate::support::{Gate, SOON, connected, eventually, eventually_async, memory, node, within};

#[derive(Debug, Default)]
struct Job {
    gate: Gate,
    now: AtomicU64,
    most: AtomicU64,
    runs: AtomicU64,
}

impl Job {
    async fn run(&self) {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        self.runs.fetch_add(1, Ordering::SeqCst);
        self.gate.pass().await;
        self.now.fetch_sub(1, Ordering::SeqCst);
    }

    fn runs(&self) -> u64 {
        self.runs.load(Ordering::SeqCst)
    }
}

#[leader("nightly", ttl = "60s")]
async fn nightly(job: &Job) -> Leadership<u64> {
    job.run().await;
    Leadership::Led(7)
}

#[leader("nightly", ttl = "60s")]
async fn as_unit() {
    panic!("a follower's body");
}

#[leader("nightly", ttl = "60s")]
async fn as_option() -> Option<u32> {
    panic!("a follower's body");
}

#[leader("nightly", ttl = "60s")]
async fn as_result() -> Result<Leadership<u32>, String> {
    panic!("a follower's body");
}

#[leader("nightly", ttl = "60s")]
fn in_a_thread() -> Leadership<u32> {
    panic!("a follower's body");
}

/// Spawns a leader and waits until it leads.
async fn lead(larder: &Larder, job: &Arc<Job>) -> tokio::task::JoinHandle<Leadership<u64>> {
    let led = Arc::clone(job);
    let leading = tokio::spawn(larder.scope(async move { nightly(&led).await }));
    job.gate.arrived().await;
    leading
}

#[tokio::test]
async fn of_twenty_contenders_in_two_instances_one_runs() {
    let server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    let (job, together) = (Arc::new(Job::default()), Arc::new(Barrier::new(20)));
    let mut contenders = JoinSet::new();
    for number in 0..20 {
        let (job, together) = (Arc::clone(&job), Arc::clone(&together));
        let larder = if number % 2 == 0 { &a } else { &b };
        contenders.spawn(larder.scope(async move {
            together.wait().await;
            nightly(&job).await
        }));
    }
    job.gate.arrived().await;
    let mut followers = 0;
    while followers < 19 {
        match within(SOON, contenders.join_next()).await.unwrap().unwrap() {
            Leadership::Follower { holder, remaining } => {
                assert!(holder.contains(&std::process::id().to_string()), "{holder}");
                assert!(remaining > Duration::from_secs(50) && remaining <= Duration::from_secs(60), "{remaining:?}");
                followers += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    job.gate.open();
    assert_eq!(contenders.join_next().await.unwrap().unwrap(), Leadership::Led(7));
    assert_eq!((job.runs(), job.most.load(Ordering::SeqCst)), (1, 1));
    // It was released: the next one leads at once.
    let leading = lead(&b, &job).await;
    job.gate.open();
    assert_eq!(leading.await.unwrap(), Leadership::Led(7));
}

#[tokio::test]
async fn a_follower_gets_unit_none_or_follower_and_never_runs() {
    let server = RedisServer::start();
    for (a, b) in [(node(&server).await, node(&server).await), {
        let one = memory().await;
        (one.clone(), one)
    }] {
        let job = Arc::new(Job::default());
        let leading = lead(&a, &job).await;
        b.scope(as_unit()).await;
        assert_eq!(b.scope(as_option()).await, None);
        assert!(matches!(b.scope(as_result()).await, Ok(Leadership::Follower { .. })));
        assert!(matches!(b.run(in_a_thread), Leadership::Follower { .. }));
        job.gate.open();
        assert_eq!(leading.await.unwrap(), Leadership::Led(7));
    }
}

#[tokio::test]
async fn keys_are_told_apart_and_may_be_expressions() {
    #[leader(key = ("sync", id), ttl = length, grace = length)]
    async fn sync(id: u32, length: Duration) -> Option<u32> {
        Some(id)
    }

    let server = RedisServer::start();
    let larder = node(&server).await;
    let long = Duration::from_secs(60);
    assert_eq!(larder.scope(sync(1, long)).await, Some(1));
    assert_eq!(larder.scope(sync(1, long)).await, None, "its grace");
    assert_eq!(larder.scope(sync(2, long)).await, Some(2));
}

#[tokio::test]
async fn grace_keeps_others_out_after_a_success_for_its_time() {
    #[leader("graceful", ttl = "60s", grace = "700ms")]
    async fn graceful() -> Option<u32> {
        Some(1)
    }

    let server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    let begun = Instant::now();
    assert_eq!(a.scope(graceful()).await, Some(1));
    while begun.elapsed() < Duration::from_millis(600) {
        assert_eq!(b.scope(graceful()).await, None);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    eventually_async(Duration::from_secs(2), "free", async || b.scope(graceful()).await.is_some()).await;
}

#[leader("failing", ttl = "60s", grace = "50s")]
async fn failing(fail: bool) -> Result<Option<u32>, String> {
    if fail { Err("failed".to_owned()) } else { Ok(Some(1)) }
}

#[leader("kept", ttl = "60s", grace = "50s", on_err = grace)]
async fn failing_and_kept() -> Result<Option<u32>, String> {
    Err("failed".to_owned())
}

#[tokio::test]
async fn an_error_releases_at_once_unless_it_is_to_keep_its_grace() {
    let server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    a.scope(failing(true)).await.unwrap_err();
    assert_eq!(b.scope(failing(false)).await, Ok(Some(1)), "released");
    assert_eq!(a.scope(failing(false)).await, Ok(None), "a success has its grace");
    a.scope(failing_and_kept()).await.unwrap_err();
    assert_eq!(b.scope(failing_and_kept()).await, Ok(None), "kept");
}

#[tokio::test]
async fn a_panic_and_a_dropped_call_release() {
    #[leader("unlucky", ttl = "60s", grace = "50s")]
    async fn unlucky(how: u32) -> Option<u32> {
        match how {
            0 => panic!("on purpose"),
            1 => std::future::pending().await,
            _ => Some(how),
        }
    }

    let server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    assert!(tokio::spawn(a.scope(unlucky(0))).await.is_err());
    // Whoever asks while the lease is being released may be refused; the asking itself must not lead for ever.
    let free = async || server.keys_with("@lease:").await.is_empty();
    eventually_async(SOON, "released by the panic", free).await;
    let dropped = tokio::spawn(a.scope(unlucky(1)));
    eventually_async(SOON, "led", async || !server.keys_with("@lease:").await.is_empty()).await;
    dropped.abort();
    eventually_async(SOON, "released by the drop", free).await;
    assert_eq!(b.scope(unlucky(2)).await, Some(2));
}

#[tokio::test]
async fn tokens_grow_from_holder_to_holder_and_over_a_flush() {
    let server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    let mut last = 0;
    for round in 0..20 {
        let larder = if round % 2 == 0 { &a } else { &b };
        let lease = larder.leader_gate("fenced").acquire().await.unwrap().expect("free");
        assert!(lease.token() > last, "{} after {last}", lease.token());
        last = lease.token();
        lease.release().await.unwrap();
        if round % 5 == 0 {
            server.flush().await;
        }
    }
}

#[tokio::test]
async fn a_gate_leads_a_block_and_its_lease_knows_its_time() {
    let server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    let lease = a.scope(LeaderGate::new("block").ttl(Duration::from_secs(30)).acquire()).await.unwrap().expect("free");
    assert!(lease.is_held());
    assert!(lease.remaining() > Duration::from_secs(25) && lease.remaining() <= Duration::from_secs(30));
    assert!(b.leader_gate("block").acquire().await.unwrap().is_none());
    drop(lease);
    eventually_async(SOON, "released by the drop", async || b.leader_gate("block").acquire().await.unwrap().is_some())
        .await;
}

#[tokio::test]
async fn the_lease_of_a_body_can_be_seen_in_it_and_nowhere_else() {
    #[leader("seen", ttl = "60s")]
    async fn seen() -> Option<(u64, bool)> {
        let lease = larder::lease()?;
        Some((lease.token(), lease.is_held()))
    }

    let larder = memory().await;
    assert!(larder.scope(async { larder::lease().is_none() }).await);
    let (token, held) = larder.scope(seen()).await.expect("leading");
    assert!(token > 0 && held);
}

#[tokio::test]
async fn when_redis_is_away_a_leader_skips_runs_or_errs() {
    #[leader("away", ttl = "5s")]
    async fn skips() -> Leadership<u32> {
        Leadership::Led(1)
    }

    #[leader("away", ttl = "5s", on_unavailable = run)]
    async fn runs() -> Leadership<u32> {
        Leadership::Led(1)
    }

    #[leader("away", ttl = "5s", mode = wait("1h"), on_unavailable = run)]
    async fn waits_for_no_redis() -> Leadership<u32> {
        Leadership::Led(1)
    }

    #[leader("away", ttl = "5s", on_unavailable = error)]
    async fn errs() -> Result<Option<u32>, Error> {
        Ok(Some(1))
    }

    let server = RedisServer::absent();
    let larder = Larder::builder().ignore_environment().redis(server.url()).build().await.unwrap();
    let Leadership::Follower { holder, .. } = larder.scope(skips()).await else { panic!("led without Redis") };
    assert!(holder.is_empty());
    assert_eq!(larder.scope(runs()).await, Leadership::Led(1));
    assert_eq!(within(SOON, larder.scope(waits_for_no_redis())).await, Leadership::Led(1));
    let error = larder.scope(errs()).await.unwrap_err();
    assert_eq!(error.kind(), larder::ErrorKind::Unavailable);
    assert!(larder.leader_gate("away").acquire().await.is_err());
}

#[tokio::test]
async fn a_leader_that_crashed_is_followed_by_another_after_its_ttl() {
    let server = RedisServer::start();
    let mut first = Node::over(&server.url());
    let mut second = Node::over(&server.url());
    first.ask("connected");
    second.ask("connected");
    assert_eq!(first.ask("lead"), "leading");
    assert_eq!(second.ask("acquire"), "taken");
    let killed = Instant::now();
    first.kill();
    eventually(Duration::from_secs(4), || second.ask("acquire") != "taken").await;
    assert!(killed.elapsed() > Duration::from_millis(500), "before its time");
}

#[tokio::test]
async fn a_lease_of_a_length_that_cannot_be_kept_is_refused_and_locks_nobody_out() {
    let server = RedisServer::start();
    let larder = node(&server).await;
    connected(&larder).await;
    for length in [Duration::ZERO, Duration::MAX] {
        let attempt = larder.leader_gate("endless").ttl(length).acquire().await;
        if let Ok(Some(lease)) = attempt {
            lease.release().await.unwrap();
        }
        let next = larder.leader_gate("endless").ttl(Duration::from_secs(1)).acquire().await.unwrap();
        assert!(next.is_some(), "after an attempt for {length:?} nobody can lead any more");
        next.unwrap().release().await.unwrap();
    }
}
