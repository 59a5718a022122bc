//! Rows that are read through two instances while they change: nothing that was ended may come back.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use larder::{Larder, ttl_cached};

use crate::support::{SOON, connected, eventually};

/// Versioned rows.
#[derive(Debug)]
pub(crate) struct Rows(Vec<AtomicU64>);

#[ttl_cached(entity = "rows", skip(rows), tags("row:{id}"))]
async fn row(rows: &Rows, id: usize) -> u64 {
    rows.0[id].load(Ordering::SeqCst)
}

/// Three failures open the breaker, each may wait for the operation timeout; the rest is the margin of a busy machine.
const LONGEST: Duration = Duration::from_secs(4);

impl Rows {
    pub(crate) fn new(count: usize) -> Self {
        Self((0..count).map(|_| AtomicU64::new(0)).collect())
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Changes a row and ends its tag. The writer reads its own write; no call takes long.
    pub(crate) async fn change(&self, writer: &Larder, id: usize) {
        let version = self.0[id].fetch_add(1, Ordering::SeqCst) + 1;
        timed(writer.invalidate(format!("row:{id}"))).await.unwrap();
        let read = timed(writer.scope(row(self, id))).await;
        assert!(read >= version, "row {id}: {read} was read where {version} had been written: promise 1");
    }

    /// How many rows an instance serves in an old version.
    pub(crate) async fn stale(&self, reader: &Larder) -> usize {
        let mut stale = 0;
        for (id, version) in self.0.iter().enumerate() {
            let version = version.load(Ordering::SeqCst);
            stale += usize::from(timed(reader.scope(row(self, id))).await < version);
        }
        stale
    }

    /// Waits until both instances are linked and owe nothing, and asserts that neither serves anything old.
    pub(crate) async fn settled(&self, a: &Larder, b: &Larder) {
        for larder in [a, b] {
            connected(larder).await;
            eventually(SOON, || larder.stats().redis.pending_invalidations == 0).await;
        }
        // What was announced last arrives within the tracking lease.
        let begun = Instant::now();
        while self.stale(b).await > 0 && begun.elapsed() < Duration::from_secs(1) {}
        assert_eq!((self.stale(a).await, self.stale(b).await), (0, 0), "rows are old: promises 2 and 6");
    }
}

async fn timed<F: Future>(call: F) -> F::Output {
    let begun = Instant::now();
    let output = call.await;
    assert!(begun.elapsed() < LONGEST, "a call took {:?}", begun.elapsed());
    output
}
