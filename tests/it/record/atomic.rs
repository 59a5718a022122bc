//! Writes are whole: several processes, killed, cut off, or on a server that dies.

use larder::{ErrorKind, Record};
use rustix::process::Signal;

use super::{Tenant, consistent, tenant};
use crate::node::Node;
use crate::proxy::Proxy;
use crate::server::{Options, RedisServer};
use crate::support::{SOON, connected, disconnected, eventually_async, node, node_at};

#[tokio::test]
async fn two_processes_that_want_one_value_get_it_once() {
    const MANY: u64 = 300;
    let server = RedisServer::start();
    let mut nodes = [Node::over(&server.url()), Node::over(&server.url())];
    nodes.iter_mut().for_each(|node| assert_eq!(node.ask("connected"), "connected"));
    nodes[0].tell(&format!("record claim 1000 {MANY}"));
    nodes[1].tell(&format!("record claim 2000 {MANY}"));
    let got = nodes.each_ref().map(|node| node.answer().parse::<u64>().unwrap());
    assert_eq!(got[0] + got[1], MANY, "each host has one owner: {got:?}");
    assert_eq!(consistent(&server, "tenant").await, usize::try_from(MANY).unwrap());
    let larder = node(&server).await;
    let owner = larder.scope(Tenant::find_unique(Tenant::HOST, "host 7")).await.unwrap().expect("an owner");
    assert!([1007, 2007].contains(&owner.id));
}

#[tokio::test]
async fn callers_of_one_moment_that_want_one_value_get_it_once() {
    let server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    for round in 0..100 {
        let host = format!("host {round}");
        let (one, other) = (tenant(round, &host, "gold"), tenant(1000 + round, &host, "free"));
        let (one, other) = tokio::join!(a.scope(one.save()), b.scope(other.save()));
        let (won, lost) = if one.is_ok() { (one, other) } else { (other, one) };
        won.unwrap();
        assert_eq!(lost.unwrap_err().kind(), ErrorKind::Conflict);
    }
    assert_eq!(consistent(&server, "tenant").await, 100);
}

#[tokio::test]
async fn a_killed_writer_leaves_whole_records() {
    let server = RedisServer::start();
    let larder = node(&server).await;
    for seed in 0..6 {
        let mut writer = Node::over(&server.url());
        writer.ask("connected");
        assert_eq!(writer.ask(&format!("record write {seed}")), "writing");
        // It is in the midst of its writes: the server has run more scripts since.
        let before = scripts(&server).await;
        eventually_async(SOON, "writes", async || scripts(&server).await > before + 50).await;
        writer.signal(Signal::KILL);
        writer.kill();
        assert!(consistent(&server, "tenant").await > 0);
    }
    larder.scope(everything_is_found()).await;
}

#[tokio::test]
async fn connections_that_are_cut_leave_whole_records() {
    let server = RedisServer::start();
    let proxy = Proxy::before(server.port());
    let larder = node_at(&proxy.url()).await;
    let writer = tokio::spawn(larder.scope(async {
        let mut random = fastrand::Rng::with_seed(9);
        loop {
            let _ = super::random::write(&mut random).await;
            tokio::task::yield_now().await;
        }
    }));
    for _ in 0..8 {
        let before = scripts(&server).await;
        eventually_async(SOON, "writes", async || scripts(&server).await > before + 30).await;
        proxy.cut();
        disconnected(&larder).await;
        proxy.resume_connections();
        connected(&larder).await;
    }
    writer.abort();
    let _ = writer.await;
    let quiet = node(&server).await;
    assert!(consistent(&server, "tenant").await > 0);
    quiet.scope(everything_is_found()).await;
}

#[tokio::test]
async fn a_server_that_dies_in_its_writes_comes_back_with_whole_records() {
    let arguments = ["--appendonly", "yes", "--appendfsync", "no"].map(str::to_owned).to_vec();
    let mut server = RedisServer::start_with(Options { arguments, ..Options::default() });
    let larder = node(&server).await;
    let writer = tokio::spawn(larder.scope(async {
        let mut random = fastrand::Rng::with_seed(5);
        loop {
            let _ = super::random::write(&mut random).await;
            tokio::task::yield_now().await;
        }
    }));
    for _ in 0..4 {
        eventually_async(SOON, "writes", async || scripts(&server).await > 60).await;
        server.restart();
        assert!(consistent(&server, "tenant").await > 0, "what was appended is there");
        connected(&larder).await;
    }
    writer.abort();
    let _ = writer.await;
    node(&server).await.scope(everything_is_found()).await;
}

/// Each record is found by each of its fields, and nothing else is.
async fn everything_is_found() {
    let all = Tenant::all().await.unwrap();
    assert!(!all.is_empty());
    for tenant in all {
        assert_eq!(Tenant::find_unique(Tenant::HOST, &tenant.host).await.unwrap().as_ref(), Some(&tenant));
        assert!(Tenant::find(Tenant::PLAN, &tenant.plan).await.unwrap().contains(&tenant));
    }
}

/// How many scripts the server ran.
async fn scripts(server: &RedisServer) -> u64 {
    let stats: String = server.run("INFO commandstats").await;
    let line = stats.lines().find_map(|line| line.strip_prefix("cmdstat_eval:calls="));
    line.and_then(|rest| rest.split(',').next()?.parse().ok()).unwrap_or(0)
}
