//! One connection per tokio runtime of the callers: a read that their own runtime drives is not handed to another
//! thread and back.
//!
//! Invariants:
//! 1. A lane carries reads of values and epochs, and writes of values: what may be lost, repeated or late.
//! 2. A lane is used only while its runtime was seen to run within [`ALIVE`]: nothing waits on a runtime that stands still.
//! 3. A lane that failed is removed; the next call makes another.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use tokio::runtime::{Handle, Id};

use crate::clock::{Clock, Moment};

/// The lanes of one instance.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    by_runtime: Mutex<HashMap<Id, Arc<Lane>>>,
}

/// A connection that belongs to one runtime.
#[derive(Debug, Default)]
pub(crate) struct Lane {
    connection: Mutex<Option<MultiplexedConnection>>,
    /// When its runtime was last seen to run, in nanoseconds of the coarse clock.
    seen: AtomicU64,
}

/// How often a runtime shows that it runs.
const BEAT: Duration = Duration::from_millis(100);
/// How long ago a runtime may have been seen.
const ALIVE: Duration = Duration::from_millis(300);
/// Runtimes that are gone leave their entries behind; beyond this many all are dropped and made again.
const MOST: usize = 64;

impl Lanes {
    fn by_runtime(&self) -> MutexGuard<'_, HashMap<Id, Arc<Lane>>> {
        self.by_runtime.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection of the runtime that this is called on, if it has a good one. If it has none, one is made meanwhile.
    pub(crate) fn here(&self, client: &redis::Client, clock: &Clock, limit: Duration) -> Option<MultiplexedConnection> {
        let runtime = Handle::try_current().ok()?;
        let mut lanes = self.by_runtime();
        if let Some(lane) = lanes.get(&runtime.id()) {
            let seen = Moment::from_nanos(lane.seen.load(Ordering::Relaxed));
            return if clock.coarse() < seen + ALIVE { lane.connection().clone() } else { None };
        }
        if lanes.len() >= MOST {
            lanes.clear();
        }
        let lane = Arc::new(Lane::default());
        lanes.insert(runtime.id(), Arc::clone(&lane));
        drop(lanes);
        runtime.spawn(keep(Arc::downgrade(&lane), client.clone(), clock.clone(), limit));
        None
    }

    /// Gives up the lane of the runtime that this is called on.
    pub(crate) fn drop_here(&self) {
        if let Ok(runtime) = Handle::try_current() {
            self.by_runtime().remove(&runtime.id());
        }
    }

    /// Gives up all lanes: the link was lost.
    pub(crate) fn drop_all(&self) {
        self.by_runtime().clear();
    }
}

impl Lane {
    fn connection(&self) -> MutexGuard<'_, Option<MultiplexedConnection>> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Connects, and shows as long as the lane exists that its runtime runs.
async fn keep(lane: Weak<Lane>, client: redis::Client, clock: Clock, limit: Duration) {
    let config = redis::AsyncConnectionConfig::new().set_connection_timeout(Some(limit)).set_response_timeout(None);
    let Ok(connection) = client.get_multiplexed_async_connection_with_config(&config).await else {
        return;
    };
    if let Some(lane) = lane.upgrade() {
        *lane.connection() = Some(connection);
    }
    while let Some(lane) = lane.upgrade() {
        lane.seen.store(clock.coarse().as_nanos(), Ordering::Relaxed);
        drop(lane);
        tokio::time::sleep(BEAT).await;
    }
}
