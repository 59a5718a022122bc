//! Three masters and three replicas: sharing, failovers, and slots that move.

use std::time::{Duration, Instant};

use larder::{ErrorKind, Larder, LeaderGate, ttl_cached};

use super::cluster_fixture::{Cluster, MASTERS};
use super::rows::Rows;
use crate::node::Node;
use crate::support::{SOON, Source, connected, eventually_async, within};

#[ttl_cached(entity = "tools", skip(source))]
async fn tool(source: &Source, id: u64) -> u64 {
    source.read() + id
}

/// Another process, as far as a cached function can tell.
async fn two(cluster: &Cluster) -> (Larder, Larder) {
    let (a, b) = (cluster.builder().build().await.unwrap(), cluster.builder().build().await.unwrap());
    connected(&a).await;
    connected(&b).await;
    (a, b)
}

#[tokio::test]
async fn values_invalidations_and_leases_are_shared_over_all_masters() {
    let cluster = Cluster::start().await;
    let (a, b) = two(&cluster).await;
    let source = Source::of(1);
    for id in 0..40 {
        a.scope(tool(&source, id)).await;
        assert_eq!(b.scope(tool(&source, id)).await, 1 + id);
    }
    assert_eq!(source.runs(), 40, "not shared");
    let spread = cluster.keys_with(":tools:").await;
    assert!((0..MASTERS).all(|master| spread.iter().any(|(at, _)| *at == master)), "values lie on every master");
    source.set(2);
    assert!(a.invalidate("tools").await.unwrap().is_applied());
    for id in 0..40 {
        eventually_async(SOON, "an announcement", async || b.scope(tool(&source, id)).await == 2 + id).await;
    }
    // One entry: its value lies elsewhere than its epochs.
    source.set(3);
    let runs = source.runs();
    assert!(b.scope(larder::forget(tool(&source, 7))).await.unwrap().is_applied());
    assert_eq!(b.scope(tool(&source, 7)).await, 10);
    eventually_async(SOON, "an announcement", async || a.scope(tool(&source, 7)).await == 10).await;
    assert_eq!((a.scope(tool(&source, 8)).await, source.runs()), (10, runs + 1), "one entry, one run");
    let lease = a.scope(LeaderGate::new("gate").acquire()).await.unwrap().expect("a lease");
    assert!(b.scope(LeaderGate::new("gate").acquire()).await.unwrap().is_none());
    // On other nodes, each with its own announcements: whoever waits hears of them all, and all are listed.
    let mut waiting = Vec::new();
    for id in 0..8 {
        let key = format!("gate:{id}");
        let held = a.leader_gate(&key).acquire().await.unwrap().expect("a lease");
        let before = cluster.scripts().await;
        let waits = tokio::spawn(b.leader_gate(&key).wait(Duration::from_secs(50)).acquire());
        // The name in the list, and the lease.
        eventually_async(SOON, "asked", async || cluster.scripts().await >= before + 2).await;
        waiting.push((held, waits));
    }
    let leaders = b.leaders().await.unwrap();
    assert_eq!(leaders.len(), 9, "{leaders:?}");
    for (held, waits) in waiting {
        let token = held.token();
        held.release().await.unwrap();
        let next = within(SOON, waits).await.unwrap().unwrap().expect("woken");
        assert!(next.token() > token && next.check().await.unwrap());
    }
    lease.release().await.unwrap();
    eventually_async(SOON, "a replica that has it in time", async || {
        match a.leader_gate("replicated").min_replicas(1).acquire().await {
            Ok(Some(lease)) => lease.release().await.is_ok(),
            _ => false,
        }
    })
    .await;
    assert!(b.clear().await.unwrap().is_applied());
    eventually_async(SOON, "all ended", async || a.scope(tool(&source, 1)).await == 4).await;
    assert!(a.health().await.is_up());
    assert_eq!((a.stats().redis.failures, a.stats().total().errors), (0, 0));
}

/// Changes rows without a pause until both instances are linked anew; then nothing may be old.
async fn through(cluster: &Cluster, rows: &Rows, a: &Larder, b: &Larder, done: impl AsyncFn() -> bool) {
    let before = [a, b].map(|larder| larder.stats().redis.connects);
    let begun = Instant::now();
    for id in (0..rows.len()).cycle() {
        rows.change(a, id).await;
        let anew = [a, b].iter().zip(before).all(|(larder, before)| {
            let redis = larder.stats().redis;
            redis.connected && redis.connects > before
        });
        if anew && done().await {
            break;
        }
        assert!(begun.elapsed() < 3 * SOON, "no failover: {:?}", a.health().await);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    rows.settled(a, b).await;
    let c = cluster.builder().build().await.unwrap();
    connected(&c).await;
    assert_eq!(rows.stale(&c).await, 0, "a new process reads what Redis kept");
}

/// 1 000 invalidations after a failover, none of them missed by the other instance.
async fn thousand(rows: &Rows, a: &Larder, b: &Larder) {
    assert_eq!(rows.stale(b).await, 0);
    for id in (0..rows.len()).cycle().take(1_000) {
        rows.change(a, id).await;
    }
    rows.settled(a, b).await;
}

#[tokio::test]
async fn after_a_master_was_killed_none_of_a_thousand_invalidations_is_missed() {
    let mut cluster = Cluster::start().await;
    let (a, b) = two(&cluster).await;
    let rows = Rows::new(100);
    thousand(&rows, &a, &b).await;
    for master in [0, 2] {
        cluster.nodes[master].kill();
        through(&cluster, &rows, &a, &b, async || true).await;
        thousand(&rows, &a, &b).await;
        cluster.nodes[master].restart();
    }
}

#[tokio::test]
async fn after_a_replica_took_over_as_asked_none_of_a_thousand_invalidations_is_missed() {
    let cluster = Cluster::start().await;
    let (a, b) = two(&cluster).await;
    let rows = Rows::new(100);
    rows.stale(&b).await;
    for master in 0..MASTERS {
        let replica = &cluster.nodes[MASTERS + master];
        let _: String = replica.run("CLUSTER FAILOVER").await;
        through(&cluster, &rows, &a, &b, async || {
            replica.run::<String>("INFO replication").await.contains("role:master")
        })
        .await;
        thousand(&rows, &a, &b).await;
    }
}

/// The slots of an epoch and of a value move, while both are used.
async fn slots_move(cluster: &Cluster, a: &Larder, b: &Larder, to: usize) {
    let rows = Rows::new(10);
    rows.stale(b).await;
    for id in 0..rows.len() {
        rows.change(a, id).await;
    }
    rows.settled(a, b).await;
    for part in [":@epoch:row:3", ":@epoch:{@everything}", ":@epoch:rows", ":rows:"] {
        let found = cluster.keys_with(part).await;
        assert!(!found.is_empty(), "no key {part}");
        let Some((from, key)) = found.into_iter().find(|(at, _)| *at != to) else { continue };
        let slot = cluster.begin_move(from, to, &key).await;
        for id in 0..rows.len() {
            rows.change(a, id).await;
        }
        rows.settled(a, b).await;
        cluster.end_move(from, to, slot).await;
        for id in 0..rows.len() {
            rows.change(b, id).await;
        }
        rows.settled(b, a).await;
        let c = cluster.builder().build().await.unwrap();
        connected(&c).await;
        assert_eq!(rows.stale(&c).await, 0);
    }
    thousand(&rows, a, b).await;
    assert_eq!(a.stats().total().errors, 0, "what was sent on got there");
}

#[tokio::test]
async fn a_slot_that_moves_to_another_master_takes_nothing_along_that_was_ended() {
    let cluster = Cluster::start().await;
    let (a, b) = two(&cluster).await;
    slots_move(&cluster, &a, &b, 1).await;
}

#[tokio::test]
async fn a_slot_that_moves_to_a_new_master_takes_nothing_along_that_was_ended() {
    let mut cluster = Cluster::start().await;
    // It joins after the links were made.
    let (a, b) = two(&cluster).await;
    let to = cluster.add_master().await;
    for larder in [&a, &b] {
        let anew = async || larder.stats().redis.connected && larder.stats().redis.connects > 1;
        eventually_async(SOON, "a link to all masters", anew).await;
    }
    slots_move(&cluster, &a, &b, to).await;
}

#[tokio::test]
async fn the_environment_names_nodes_and_what_cannot_work_is_refused() {
    let cluster = Cluster::start().await;
    let addresses = format!("redis://{},{}", cluster.nodes[3].endpoint(), cluster.nodes[1].endpoint());
    let mut node = Node::with(&[("LARDER_REDIS_CLUSTER", &addresses)]);
    assert_eq!(node.ask("connected"), "connected");
    for builder in [
        Larder::builder().redis_cluster(Vec::<String>::new()),
        Larder::builder().redis_cluster(["redis://h/1"]),
        Larder::builder().redis_cluster(["unix:///tmp/s"]),
        Larder::builder().redis_cluster(["h"]).redis("redis://h"),
    ] {
        let error = builder.ignore_environment().build().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains("redis_cluster"), "{error}");
    }
    let alone = super::process::Process::plain(&[]);
    let no_cluster = Larder::builder().ignore_environment().redis_cluster([alone.endpoint()]).build().await.unwrap();
    let fault = no_cluster.health().await.fault.unwrap_or_default();
    assert!(fault.contains("is it a node of a Cluster?"), "{fault}");
}
