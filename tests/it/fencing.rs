//! Promise 10, its token: what a leader writes after it was stopped for too long is refused by the table itself.

use std::path::Path;
use std::time::Duration;

use larder::{Leadership, leader};
use rustix::process::Signal;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Row as _};

use crate::node::{Node, answer};
use crate::server::RedisServer;
use crate::support::{Gate, SOON, eventually};

/// How often each fighter wants to lead.
const TERMS: u64 = 20;

/// Where a body stands between its look at the lease and its write.
pub(crate) static WRITE: std::sync::LazyLock<Gate> = std::sync::LazyLock::new(Gate::default);

async fn open(folder: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(folder.join("rows")).create_if_missing(true);
    options.busy_timeout(SOON).connect().await.unwrap()
}

/// The pattern: a leader writes only where nobody with a larger token wrote before. `<=`, for it may write more than once.
async fn write(db: &mut SqliteConnection, writer: &str, token: u64) -> u64 {
    sqlx::query("UPDATE reports SET writer = ?1, fence = ?2, writes = writes + 1 WHERE id = 1 AND fence <= ?2")
        .bind(writer)
        .bind(i64::try_from(token).unwrap())
        .execute(db)
        .await
        .unwrap()
        .rows_affected()
}

/// A thread of its own is stopped inside: no library can cancel it there.
#[leader("report", ttl = "500ms", renew = true)]
fn look_and_write_late(folder: &Path) -> Leadership<u64> {
    let lease = larder::lease().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut db = open(folder).await;
        assert!(lease.is_held());
        answer(format!("looked {}", lease.token()));
        WRITE.pass().await;
        answer(format!("wrote {}, held {}", write(&mut db, "late", lease.token()).await, lease.is_held()));
    });
    Leadership::Led(lease.token())
}

#[leader("report", ttl = "500ms", renew = true)]
async fn write_twice(db: &mut SqliteConnection, writer: &str) -> Leadership<u64> {
    let token = larder::lease().unwrap().token();
    assert_eq!(write(db, writer, token).await, 1);
    assert_eq!(write(db, writer, token).await, 1, "its own token is no obstacle");
    Leadership::Led(token)
}

/// In a node: looks, waits for [`WRITE`], and writes.
pub(crate) async fn pause(folder: &Path) {
    let folder = folder.to_owned();
    let became = tokio::task::spawn_blocking(move || look_and_write_late(&folder)).await.unwrap();
    answer(format!("{became:?}"));
}

/// In a node: leads again and again.
pub(crate) async fn fight(folder: &Path) {
    let mut db = open(folder).await;
    let (mut terms, mut last, writer) = (0, 0, std::process::id().to_string());
    while terms < TERMS {
        if let Leadership::Led(token) = write_twice(&mut db, &writer).await {
            assert!(token > last, "tokens grow");
            (terms, last) = (terms + 1, token);
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    answer(last);
}

#[tokio::test]
async fn a_leader_that_was_stopped_between_its_look_and_its_write_is_refused_by_its_token() {
    let server = RedisServer::start();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display();
    let mut db = open(folder.path()).await;
    sqlx::raw_sql("CREATE TABLE reports (id INTEGER PRIMARY KEY, writer TEXT, fence INTEGER, writes INTEGER)")
        .execute(&mut db)
        .await
        .unwrap();
    sqlx::raw_sql("INSERT INTO reports VALUES (1, 'nobody', 0, 0)").execute(&mut db).await.unwrap();

    let [mut paused, mut first, mut second] = [(); 3].map(|()| Node::over(&server.url()));
    for node in [&mut paused, &mut first, &mut second] {
        assert_eq!(node.ask("connected"), "connected");
    }
    let looked = paused.ask(&format!("fenced-pause {path}"));
    let token: u64 = looked.strip_prefix("looked ").expect("it leads").parse().unwrap();
    paused.signal(Signal::STOP);
    let state = format!("/proc/{}/stat", paused.id());
    eventually(SOON, || std::fs::read_to_string(&state).unwrap().contains(") T ")).await;

    for node in [&mut first, &mut second] {
        node.tell(&format!("fenced-fight {path}"));
    }
    let last = [first, second].map(|node| node.answer().parse::<u64>().unwrap()).into_iter().max().unwrap();
    assert!(last > token);

    paused.tell("fenced-write");
    paused.signal(Signal::CONT);
    assert_eq!(paused.answer(), "wrote 0, held false");
    assert_eq!(paused.answer(), "Lost");
    let row = sqlx::query("SELECT writer, fence, writes FROM reports").fetch_one(&mut db).await.unwrap();
    assert_eq!(u64::try_from(row.get::<i64, _>("fence")).unwrap(), last);
    assert_eq!(u64::try_from(row.get::<i64, _>("writes")).unwrap(), 2 * 2 * TERMS, "none was lost, and none came late");
    assert_ne!(row.get::<String, _>("writer"), "late");
}
