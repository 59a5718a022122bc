//! Promise 10 over a real server: who waits is woken by push, or by the end that Redis told; leaders are listed; enough
//! replicas have a lease, or nobody does.

use std::future::Future;
use std::time::{Duration, Instant};

use larder::{ErrorKind, Larder, Leadership, leader};
use tokio::task::JoinHandle;

use crate::proxy::Proxy;
use crate::server::RedisServer;
use crate::support::{SOON, connected, disconnected, eventually_async, node, node_at, within};

const HOUR: Duration = Duration::from_secs(3_600);

/// How many scripts the server has run.
async fn scripts(server: &RedisServer) -> u64 {
    let stats: String = server.run("INFO commandstats").await;
    let line = stats.lines().find_map(|line| line.strip_prefix("cmdstat_eval:calls="));
    line.and_then(|rest| rest.split(',').next()).and_then(|calls| calls.parse().ok()).unwrap_or(0)
}

/// Begins to wait, and returns when the lease was asked for: its name in the list, and the lease.
async fn asked<T: Send + 'static>(
    server: &RedisServer,
    waiting: impl Future<Output = T> + Send + 'static,
) -> JoinHandle<T> {
    let before = scripts(server).await;
    let waiting = tokio::spawn(waiting);
    eventually_async(SOON, "asked", async || scripts(server).await >= before + 2).await;
    assert!(!waiting.is_finished());
    waiting
}

/// A replica that follows.
async fn replica_of(master: &RedisServer) -> RedisServer {
    let replica = RedisServer::start();
    let _: String = master.run("CONFIG SET repl-diskless-sync-delay 0").await;
    let _: String = replica.run(&format!("REPLICAOF 127.0.0.1 {}", master.port())).await;
    eventually_async(SOON, "a replica", async || {
        master.run::<String>("INFO replication").await.contains("state=online")
    })
    .await;
    replica
}

/// An instance that gives replicas time on a busy machine: a quarter of this.
async fn patient(server: &RedisServer) -> Larder {
    let builder = Larder::builder().ignore_environment().namespace("it").operation_timeout(Duration::from_secs(4));
    let larder = builder.redis(server.url()).build().await.unwrap();
    connected(&larder).await;
    larder
}

#[tokio::test]
async fn a_release_in_another_process_wakes_who_waits_and_nobody_polls() {
    let server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    let first = a.leader_gate("pushed").ttl(HOUR).acquire().await.unwrap().unwrap();
    let waiting = asked(&server, b.leader_gate("pushed").wait(HOUR).acquire()).await;
    let before = scripts(&server).await;
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(scripts(&server).await, before, "it asks again and again");
    let token = first.token();
    first.release().await.unwrap();
    let second = within(SOON, waiting).await.unwrap().unwrap().unwrap();
    assert!(second.token() > token);
}

#[tokio::test]
async fn who_waits_for_a_crashed_holder_leads_soon_after_its_time() {
    let server = RedisServer::start();
    let larder = node(&server).await;
    // A holder that never comes back.
    let ttl = Duration::from_millis(600);
    let lease = larder.leader_gate("crashed").ttl(ttl).acquire().await.unwrap().unwrap();
    let begun = Instant::now();
    std::mem::forget(lease);
    let next = within(SOON, larder.leader_gate("crashed").wait(HOUR).acquire()).await.unwrap();
    assert!(next.is_some());
    assert!(begun.elapsed() > ttl / 2, "led after {:?}", begun.elapsed());
}

#[tokio::test]
async fn who_was_cut_off_while_the_lease_was_let_go_finds_it_free_when_the_link_is_back() {
    let server = RedisServer::start();
    let proxy = Proxy::before(server.port());
    let (a, b) = (node(&server).await, node_at(&proxy.url()).await);
    let first = a.leader_gate("unheard").ttl(HOUR).acquire().await.unwrap().unwrap();
    let waiting = asked(&server, b.leader_gate("unheard").wait(HOUR).acquire()).await;
    proxy.cut();
    disconnected(&b).await;
    first.release().await.unwrap();
    proxy.resume();
    assert!(within(SOON, waiting).await.unwrap().unwrap().is_some());
}

#[tokio::test]
async fn a_function_waits_for_its_turn_in_another_process() {
    #[leader("turn", ttl = "60s", mode = wait("30s"))]
    async fn turn() -> Leadership<u32> {
        Leadership::Led(7)
    }

    let server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    let first = a.leader_gate("turn").ttl(HOUR).acquire().await.unwrap().unwrap();
    let waiting = asked(&server, b.scope(turn())).await;
    first.release().await.unwrap();
    assert_eq!(within(SOON, waiting).await.unwrap(), Leadership::Led(7));
}

#[tokio::test]
async fn leaders_of_every_process_are_listed_and_names_of_the_past_are_not_kept() {
    let server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    let elsewhere = Larder::builder().ignore_environment().redis(server.url()).namespace("other");
    let elsewhere = elsewhere.build().await.unwrap();
    let nightly = a.leader_gate("nightly").ttl(HOUR).acquire().await.unwrap().unwrap();
    let secret = b.leader_gate("of: Mr Smith").ttl(HOUR).acquire().await.unwrap().unwrap();
    let _other = elsewhere.leader_gate("other").acquire().await.unwrap().unwrap();
    let leaders = b.leaders().await.unwrap();
    let [hashed, plain] = leaders.as_slice() else { panic!("{leaders:?}") };
    assert_eq!((plain.key.as_str(), plain.token), ("nightly", nightly.token()));
    assert_eq!((plain.holder.pid, plain.in_grace), (std::process::id(), false));
    assert!(plain.holder.started.elapsed().unwrap() < Duration::from_secs(600), "{plain:?}");
    assert!(plain.remaining > HOUR - Duration::from_secs(60) && plain.remaining <= HOUR);
    assert!(hashed.key.starts_with('#'), "{}", hashed.key);
    assert!(nightly.check().await.unwrap());
    secret.release().await.unwrap();
    nightly.release().await.unwrap();
    assert!(a.leaders().await.unwrap().is_empty());
    // What leases left in the list goes when another is asked for behind their time.
    let listed = server.keys_with("it:1:@leaders").await.remove(0);
    let _: u64 = server.run(&format!("ZADD {listed} 1 long-ago")).await;
    let _lease = a.leader_gate("again").acquire().await.unwrap().unwrap();
    let names: Vec<String> = server.run(&format!("ZRANGE {listed} 0 -1")).await;
    assert!(names.contains(&"again".to_owned()) && !names.contains(&"long-ago".to_owned()), "{names:?}");
    let life: i64 = server.run(&format!("PTTL {listed}")).await;
    assert!(life > 60_000, "{life}");
}

#[tokio::test]
async fn a_grace_is_shown_as_what_it_is() {
    let server = RedisServer::start();
    let larder = node(&server).await;
    let gate = larder.leader_gate("graceful").ttl(Duration::from_secs(60)).grace(Duration::from_secs(50));
    let lease = gate.acquire().await.unwrap().unwrap();
    let other = lease.clone();
    lease.release().await.unwrap();
    let leaders = larder.leaders().await.unwrap();
    assert!(leaders[0].in_grace && leaders[0].remaining <= Duration::from_secs(50), "{leaders:?}");
    assert!(!other.check().await.unwrap());
}

#[tokio::test]
async fn a_lease_deleted_or_taken_over_by_hand_is_lost_when_it_is_checked() {
    let server = RedisServer::start();
    let larder = node(&server).await;
    for take in ["DEL", "HSET"] {
        let lease = larder.leader_gate("checked").ttl(HOUR).acquire().await.unwrap().unwrap();
        assert!(lease.check().await.unwrap());
        let key = server.keys_with("@lease:").await.remove(0);
        let line = if take == "DEL" { format!("DEL {key}") } else { format!("HSET {key} owner another") };
        let _: u64 = server.run(&line).await;
        assert!(lease.is_held());
        assert!(!lease.check().await.unwrap());
        assert!(!lease.is_held());
        server.flush().await;
    }
    assert_eq!(larder.stats().leases.lost, 2);
}

#[tokio::test]
async fn without_enough_replicas_nobody_leads_and_nothing_is_left_behind() {
    let master = RedisServer::start();
    let larder = patient(&master).await;
    let gate = || larder.leader_gate("replicated").ttl(HOUR).min_replicas(1);
    let error = gate().acquire().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("`min_replicas` is 1"), "{error}");
    let free = async || master.keys_with("@lease:").await.is_empty();
    eventually_async(SOON, "taken back", free).await;
    let replica = replica_of(&master).await;
    let lease = gate().acquire().await.unwrap().unwrap();
    assert!(!replica.keys_with("@lease:").await.is_empty(), "the replica has it");
    let refused = larder.leader_gate("replicated").min_replicas(2).acquire().await.unwrap();
    assert!(refused.is_none(), "another holds it, and no replica need have that");
    lease.release().await.unwrap();
    eventually_async(SOON, "released", free).await;
}

#[tokio::test]
async fn a_lease_whose_replica_is_gone_is_not_renewed_and_its_body_is_stopped() {
    #[leader("replicated", ttl = "2s", renew = true, min_replicas = 1)]
    async fn replicated(started: &tokio::sync::Notify) -> Leadership<u32> {
        started.notify_one();
        std::future::pending().await
    }

    let master = RedisServer::start();
    let mut replica = replica_of(&master).await;
    let larder = patient(&master).await;
    let started = std::sync::Arc::new(tokio::sync::Notify::new());
    let leading = {
        let (larder, started) = (larder.clone(), std::sync::Arc::clone(&started));
        tokio::spawn(async move { larder.scope(replicated(&started)).await })
    };
    within(SOON, started.notified()).await;
    eventually_async(SOON, "renewed", async || larder.stats().leases.renewals >= 2).await;
    replica.kill();
    assert_eq!(within(SOON, leading).await.unwrap(), Leadership::Lost);
    connected(&larder).await;
    assert_eq!(larder.stats().leases.lost, 1);
}
