//! Several worker processes over one database and one Redis: what one of them does for all.

use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sqlx::{ConnectOptions as _, SqliteConnection};
use tempfile::TempDir;

use crate::node::Node;
use crate::server::RedisServer;
use crate::support::{SOON, eventually_async, node};

/// Three workers over one database and one Redis.
struct Workers {
    nodes: Vec<Node>,
    connection: SqliteConnection,
    server: RedisServer,
    _folder: TempDir,
}

impl Workers {
    /// Starts them; each sweeps so often. Where the database is `locked`, none gets beyond the preparation of it.
    async fn start(sweep_every_ms: u64, locked: bool) -> Self {
        let (folder, server) = (tempfile::tempdir().unwrap(), RedisServer::start());
        let database = folder.path().join("db");
        let options = SqliteConnectOptions::new().filename(&database).create_if_missing(true);
        let options = options.journal_mode(SqliteJournalMode::Wal).busy_timeout(Duration::from_secs(30));
        let mut connection = options.connect().await.unwrap();
        if locked {
            sqlx::query("BEGIN IMMEDIATE").execute(&mut connection).await.unwrap();
        }
        let mut nodes: Vec<Node> = (0..3).map(|_| Node::over(&server.url())).collect();
        for node in &mut nodes {
            assert_eq!(node.ask("connected"), "connected");
            node.tell(&format!("tenants {} {sweep_every_ms}", database.display()));
        }
        Self { nodes, connection, server, _folder: folder }
    }

    /// Waits until one of them is elected to prepare the database, and returns its process.
    async fn leader(&self) -> u32 {
        let (larder, mut process) = (node(&self.server).await, 0);
        eventually_async(SOON, "a leader", async || {
            let leaders = larder.leaders().await.unwrap();
            let leader = leaders.iter().find(|leader| leader.key == "tenants-bootstrap");
            leader.inspect(|leader| process = leader.holder.pid).is_some()
        })
        .await;
        process
    }

    async fn unlock(&mut self) {
        sqlx::query("ROLLBACK").execute(&mut self.connection).await.unwrap();
    }
}

#[tokio::test]
async fn one_of_three_workers_prepares_the_database_and_the_others_wait_until_it_is_done() {
    let mut workers = Workers::start(60_000, true).await;
    let leader = workers.leader().await;
    assert!(workers.nodes.iter().any(|node| node.id() == leader));
    assert!(workers.nodes.iter().all(|node| node.answered().is_none()), "nobody serves before it is done");
    workers.unlock().await;

    let mut here = 0;
    for node in &workers.nodes {
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
    let mut workers = Workers::start(60_000, true).await;
    let leader = workers.leader().await;
    workers.nodes.retain(|node| node.id() != leader);
    assert_eq!(workers.nodes.len(), 2, "the one that led is dead");
    workers.unlock().await;
    let said: Vec<String> = workers.nodes.iter().map(Node::answer).collect();
    assert_eq!(said.iter().filter(|said| said.starts_with("Here")).count(), 1, "{said:?}");
    let (count, worker): (i64, String) =
        sqlx::query_as("SELECT COUNT(*), MAX(worker) FROM runs WHERE job = 'bootstrap'")
            .fetch_one(&mut workers.connection)
            .await
            .unwrap();
    assert_eq!(count, 1);
    assert!(workers.nodes.iter().any(|node| worker == format!("worker {}", node.id())), "{worker}");
}

#[tokio::test]
async fn three_workers_sweep_once_in_each_period_and_go_on_without_the_one_that_died() {
    const EVERY: u64 = 1_000;
    let begun = std::time::Instant::now();
    let Workers { mut nodes, mut connection, server: _server, _folder } = Workers::start(EVERY, false).await;
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
