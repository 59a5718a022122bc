//! What only one worker may do: to prepare the database before all others, and to sweep it now and then.

use std::io::{self, Write as _};
use std::time::Duration;

use larder::{Leadership, leader};

use crate::defaults::Defaults;
use crate::error::Error;
use crate::hosts;
use crate::store::Db;

/// What became of a bootstrap here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bootstrapped {
    /// This worker prepared the database.
    Here,
    /// It was prepared before.
    Before,
}

/// The time between two sweeps, by whichever worker.
pub const SWEEP_EVERY: Duration = Duration::from_secs(30);

/// Prepares the database, once for all workers.
pub(crate) async fn bootstrap(
    db: &Db,
    defaults: &Defaults,
    worker: &str,
    redis_required: bool,
) -> Result<Leadership<Bootstrapped>, Error> {
    if redis_required {
        bootstrap_elected(db, defaults, worker).await
    } else {
        bootstrap_anyway(db, defaults, worker).await
    }
}

/// One of the workers leads and does it, and the others wait until it is done. They then lead in turn, and find it prepared.
#[leader("tenants-bootstrap", ttl = "10s", renew = true, mode = wait("60s"))]
async fn bootstrap_elected(db: &Db, defaults: &Defaults, worker: &str) -> Result<Leadership<Bootstrapped>, Error> {
    let token = larder::lease().map_or(0, |lease| lease.token());
    db.bootstrap(&defaults.tenants, worker, token).await.map(Leadership::Led)
}

/// The same where Redis may be away: while it is, nobody leads for all and nobody waits for it, and SQLite's own lock lets one
/// worker in at a time.
#[leader("tenants-bootstrap", ttl = "10s", renew = true, mode = wait("60s"), on_unavailable = run)]
async fn bootstrap_anyway(db: &Db, defaults: &Defaults, worker: &str) -> Result<Leadership<Bootstrapped>, Error> {
    let token = larder::lease().map_or(0, |lease| lease.token());
    db.bootstrap(&defaults.tenants, worker, token).await.map(Leadership::Led)
}

/// Takes the hosts whose time is over. The grace keeps the other workers out for the rest of the period, so that there is one
/// sweep in each, however many workers ask. `None`: another one leads, or did.
#[leader("tenants-sweep", ttl = "5s", renew = true, grace = every)]
pub(crate) async fn sweep(db: &Db, worker: &str, every: Duration) -> Result<Option<u64>, Error> {
    // Grows from leader to leader: one that was stopped for long, and goes on beside its successor, is refused.
    let token = larder::lease().map_or(0, |lease| lease.token());
    if !db.begin_sweep(worker, token).await? {
        return Ok(None);
    }
    hosts::take_overdue(db).await.map(Some)
}

/// Asks to sweep four times in each period, for as long as the worker lives.
pub(crate) async fn sweep_for_ever(db: Db, worker: String, every: Duration) {
    let mut turns = tokio::time::interval(every / 4);
    loop {
        turns.tick().await;
        // A sweep that failed is made by whoever asks next.
        if let Err(error) = sweep(&db, &worker, every).await {
            let _ = writeln!(io::stderr(), "tenants: a sweep failed: {error}");
        }
    }
}
