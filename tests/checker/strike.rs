//! What is done to a server and to the network before it, each with the proof that it was there.

use std::time::Duration;

use crate::process::{SOON, stopped, until};
use crate::proxy::{Proxy, Way};
use crate::server::RedisServer;

/// Waits until somebody is connected; returns how many directions are open.
pub(crate) async fn connected(proxy: &Proxy) -> usize {
    until("a process that is connected", async || proxy.open() >= 2).await;
    proxy.open()
}

/// Closes every connection, and those that come.
pub(crate) async fn cut(proxy: &Proxy, before: usize) -> String {
    proxy.cut();
    until("no connection", async || proxy.open() == 0).await;
    format!("{before} open directions, then 0")
}

/// Holds back what goes these ways, and waits until it is seen that something is.
pub(crate) async fn hold_back(proxies: &[&Proxy], ways: &[Way]) {
    proxies.iter().for_each(|proxy| ways.iter().for_each(|way| proxy.hold(*way)));
    until("bytes held back", async || proxies.iter().all(|proxy| proxy.waiting() > 0)).await;
}

/// Lets everything through again.
pub(crate) fn let_through(proxies: &[&Proxy]) -> String {
    let held: usize = proxies.iter().map(|proxy| proxy.waiting()).sum();
    proxies.iter().for_each(|proxy| proxy.resume());
    format!("bytes held back in {held} places")
}

/// Stops the server's process.
pub(crate) async fn freeze(server: &RedisServer) -> String {
    server.freeze();
    stopped(server.id()).await
}

/// Closes every connection of the server.
pub(crate) async fn kill_clients(server: &RedisServer) -> String {
    let killed: u64 = server.run("CLIENT KILL SKIPME yes").await;
    assert!(killed > 0, "nobody was connected");
    format!("{killed} connections closed")
}

/// Which run of the server this is.
pub(crate) async fn run_id(server: &RedisServer) -> String {
    let info: String = server.run("INFO server").await;
    info.lines().find_map(|line| line.strip_prefix("run_id:")).unwrap().trim().to_owned()
}

/// Pauses commands; how long a write waits is the proof.
pub(crate) async fn pause(server: &RedisServer, lasts: Duration, which: &str) -> String {
    let (mut raw, mut probe) = (server.raw().await, server.raw().await);
    let millis = u64::try_from(lasts.as_millis()).unwrap().max(100);
    let pause = redis::cmd("CLIENT").arg("PAUSE").arg(millis).arg(which).to_owned();
    pause.query_async::<()>(&mut raw).await.unwrap();
    let begun = std::time::Instant::now();
    let write = redis::cmd("SET").arg("checker-probe").arg(1).to_owned();
    tokio::time::timeout(SOON, write.query_async::<()>(&mut probe)).await.unwrap().unwrap();
    let waited = begun.elapsed();
    assert!(waited + Duration::from_millis(20) >= Duration::from_millis(millis), "a write waited {waited:?} only");
    format!("a write waited {} ms", waited.as_millis())
}

/// Takes all keys away.
pub(crate) async fn flush(server: &RedisServer) -> String {
    until("keys to lose", async || server.run::<u64>("DBSIZE").await > 0).await;
    let mut raw = server.raw().await;
    let (before, after): (u64, u64) = redis::pipe()
        .atomic()
        .cmd("DBSIZE")
        .cmd("FLUSHALL")
        .ignore()
        .cmd("DBSIZE")
        .query_async(&mut raw)
        .await
        .unwrap();
    assert_eq!((before > 0, after), (true, 0));
    format!("{before} keys, then 0")
}
