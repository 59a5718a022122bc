//! Several worker processes over one database and one Redis: what one of them does for all.

use std::path::Path;
use std::time::Duration;

use larder::Larder;
use rustix::process::Signal;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};

use crate::node::Node;
use crate::server::RedisServer;
use crate::support::{SOON, eventually_async, node};

/// A connection of the test's own.
async fn open(database: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(database).create_if_missing(true);
    options.journal_mode(SqliteJournalMode::Wal).busy_timeout(Duration::from_secs(30)).connect().await.unwrap()
}

/// Starts workers that prepare a database which the test keeps locked, and returns the process that leads.
async fn waiting(server: &RedisServer, larder: &Larder, database: &Path) -> (Vec<Node>, u32) {
    let mut nodes: Vec<Node> = (0..3).map(|_| Node::over(&server.url())).collect();
    for node in &mut nodes {
        assert_eq!(node.ask("connected"), "connected");
        node.tell(&format!("tenants {} 60000", database.display()));
    }
    let mut process = 0;
    eventually_async(SOON, "a leader", async || {
        let leaders = larder.leaders().await.unwrap();
        let leader = leaders.iter().find(|leader| leader.key == "tenants-bootstrap");
        leader.inspect(|leader| process = leader.holder.pid).is_some()
    })
    .await;
    (nodes, process)
}

#[tokio::test]
async fn one_of_three_workers_prepares_the_database_and_the_others_wait_until_it_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("db");
    let server = RedisServer::start();
    let larder = node(&server).await;
    let mut connection = open(&database).await;
    let lock = connection.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let (nodes, leader) = waiting(&server, &larder, &database).await;
    assert!(nodes.iter().any(|node| node.id() == leader));
    assert!(nodes.iter().all(|node| node.answered().is_none()), "nobody serves before it is done");
    lock.rollback().await.unwrap();

    let mut here = 0;
    for node in &nodes {
        let said = node.answer();
        let prepared = said.starts_with("Here");
        assert_eq!(prepared, node.id() == leader, "{said}");
        assert!(said.ends_with(&format!("200 OK [\"worker {leader}\"]")), "one run, by the leader: {said}");
        here += u32::from(prepared);
    }
    assert_eq!(here, 1);
}

#[tokio::test]
async fn a_worker_that_dies_while_it_prepares_the_database_is_replaced_by_one_that_waits() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("db");
    let server = RedisServer::start();
    let larder = node(&server).await;
    let mut connection = open(&database).await;
    let lock = connection.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let (nodes, leader) = waiting(&server, &larder, &database).await;
    let (dead, live): (Vec<_>, Vec<_>) = nodes.into_iter().partition(|node| node.id() == leader);
    dead[0].signal(Signal::KILL);
    lock.rollback().await.unwrap();
    let said: Vec<String> = live.iter().map(Node::answer).collect();
    assert_eq!(said.iter().filter(|said| said.starts_with("Here")).count(), 1, "{said:?}");
    let (count, worker): (i64, String) =
        sqlx::query_as("SELECT COUNT(*), MAX(worker) FROM runs WHERE job = 'bootstrap'")
            .fetch_one(&mut connection)
            .await
            .unwrap();
    assert_eq!(count, 1);
    assert!(live.iter().any(|node| worker == format!("worker {}", node.id())), "{worker}");
}

#[tokio::test]
async fn three_workers_sweep_once_in_each_period_and_go_on_without_the_one_that_died() {
    const EVERY: u64 = 1_000;
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("db");
    let server = RedisServer::start();
    let mut connection = open(&database).await;
    let mut nodes: Vec<Node> = (0..3).map(|_| Node::over(&server.url())).collect();
    let begun = std::time::Instant::now();
    for node in &mut nodes {
        node.ask("connected");
        node.tell(&format!("tenants {} {EVERY}", database.display()));
    }
    nodes.iter().for_each(|node| drop(node.answer()));
    let mut sweeps = async || -> Vec<(String, i64)> {
        let query = "SELECT worker, token FROM runs WHERE job = 'sweep' ORDER BY rowid";
        sqlx::query_as(query).fetch_all(&mut connection).await.unwrap()
    };
    eventually_async(SOON, "three sweeps", async || sweeps().await.len() >= 3).await;
    let last = sweeps().await.pop().expect("a sweep").0;
    nodes.retain(|node| format!("worker {}", node.id()) != last);
    assert_eq!(nodes.len(), 2, "the one that swept last is dead");
    let done = sweeps().await.len();
    // A worker that died in its sweep holds the others up for the lease's 5 s.
    eventually_async(2 * SOON, "sweeps of the others", async || sweeps().await.len() >= done + 2).await;
    let sweeps = sweeps().await;
    assert!(sweeps.is_sorted_by(|one, next| one.1 < next.1), "tokens grow: {sweeps:?}");
    let most = begun.elapsed().as_millis() / u128::from(EVERY) + 1;
    assert!(sweeps.len() as u128 <= most, "{} sweeps, and no more than {most} periods", sweeps.len());
}
