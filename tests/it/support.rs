//! What the tests share: a counted source of values, a gate inside a body, waiting for a condition.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use larder::{HexSha, Larder};
use tokio::sync::Semaphore;

use crate::server::RedisServer;

/// Long enough for anything that should happen soon.
pub(crate) const SOON: Duration = Duration::from_secs(10);

/// Waits until a condition holds, and fails when it does not within `limit`.
#[track_caller]
pub(crate) fn eventually(limit: Duration, mut condition: impl FnMut() -> bool) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    async move {
        let begun = Instant::now();
        while !condition() {
            assert!(begun.elapsed() < limit, "not within {limit:?}: {caller}");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

/// Waits until an async condition holds, and fails when it does not within `limit`.
pub(crate) async fn eventually_async(limit: Duration, what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !condition().await {
        assert!(begun.elapsed() < limit, "not within {limit:?}: {what}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Fails when a future does not end in time.
#[track_caller]
pub(crate) fn within<F: Future>(limit: Duration, future: F) -> impl Future<Output = F::Output> {
    let caller = std::panic::Location::caller();
    async move { tokio::time::timeout(limit, future).await.unwrap_or_else(|_| panic!("not within {limit:?}: {caller}")) }
}

/// What cached bodies read: one number that a test changes, and a count of the reads.
#[derive(Debug, Default)]
pub(crate) struct Source {
    value: AtomicU64,
    runs: AtomicU64,
}

impl Source {
    pub(crate) fn of(value: u64) -> Self {
        Self { value: AtomicU64::new(value), runs: AtomicU64::new(0) }
    }

    pub(crate) fn set(&self, value: u64) {
        self.value.store(value, Ordering::SeqCst);
    }

    /// What a body does.
    pub(crate) fn read(&self) -> u64 {
        self.runs.fetch_add(1, Ordering::SeqCst);
        self.value.load(Ordering::SeqCst)
    }

    pub(crate) fn runs(&self) -> u64 {
        self.runs.load(Ordering::SeqCst)
    }
}

/// A configuration whose text is its revision.
#[derive(Clone, Debug)]
pub(crate) struct Config(pub(crate) &'static str);

impl HexSha for Config {
    fn hexsha(&self) -> &str {
        self.0
    }
}

/// A place inside a body where it waits until the test lets it go on.
#[derive(Debug)]
pub(crate) struct Gate {
    arrived: Semaphore,
    open: Semaphore,
}

impl Default for Gate {
    fn default() -> Self {
        Self { arrived: Semaphore::new(0), open: Semaphore::new(0) }
    }
}

impl Gate {
    /// Called in the body.
    pub(crate) async fn pass(&self) {
        self.arrived.add_permits(1);
        self.open.acquire().await.unwrap().forget();
    }

    /// Waits until one more body stands at the gate.
    pub(crate) async fn arrived(&self) {
        within(SOON, self.arrived.acquire()).await.unwrap().forget();
    }

    /// Lets one body go on.
    pub(crate) fn open(&self) {
        self.open.add_permits(1);
    }
}

/// An instance without Redis.
pub(crate) async fn memory() -> Larder {
    Larder::builder().ignore_environment().build().await.unwrap()
}

/// An instance over a server, its link up.
pub(crate) async fn node(server: &RedisServer) -> Larder {
    node_at(&server.url()).await
}

/// An instance over an address, its link up.
pub(crate) async fn node_at(url: &str) -> Larder {
    let larder = Larder::builder().ignore_environment().redis(url).namespace("it").build().await.unwrap();
    connected(&larder).await;
    larder
}

/// Waits until the link is up.
pub(crate) async fn connected(larder: &Larder) {
    eventually(SOON, || larder.stats().redis.connected).await;
}

/// Waits until the link is known to be down.
pub(crate) async fn disconnected(larder: &Larder) {
    eventually(SOON, || !larder.stats().redis.connected).await;
}
