//! The link: what the callers and the supervisor share about the connections that announcements arrive on.

use std::sync::Arc;
use std::sync::Weak;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, broadcast, watch};

use super::breaker::Breaker;
use super::names::Names;
use super::pace::Pace;
use super::pending::Pending;
use super::servers::Servers;
use super::topology::Topology;
use super::waits::Waits;
use crate::__inspect::Announcement;
use crate::clock::{Clock, Moment};
use crate::epoch::Table;
use crate::lease::Freed;

/// What the link, the callers and the supervisor share.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) topology: Topology,
    pub(crate) names: Names,
    pub(crate) table: Arc<Table>,
    pub(crate) clock: Clock,
    /// Before requests that only read.
    pub(crate) reads: Breaker,
    /// Before requests that write.
    pub(crate) writes: Breaker,
    pub(crate) pending: Pending,
    pub(crate) operation_timeout: Duration,
    pub(crate) heartbeat: Duration,
    pub(crate) lease: Duration,
    /// How long a source may show what was there before an end.
    pub(crate) settle: Duration,
    /// Shared with the instance: see [`Link::beat`].
    pub(crate) tracked_until: Arc<AtomicU64>,
    /// Odd while the link is up.
    pub(crate) generation: AtomicU64,
    pub(crate) connects: AtomicU64,
    pub(crate) failures: AtomicU64,
    /// The server's clock less this process's coarse one, in microseconds.
    pub(crate) server_ahead: AtomicI64,
    /// The clock of the one server that there is; in a Cluster nothing is told of it.
    pub(crate) pace: Pace,
    pub(crate) servers: Mutex<Option<Arc<Servers>>>,
    /// Why there is no link, and what to do.
    pub(crate) fault: Mutex<Option<String>>,
    /// Something is owed, or a connection broke: the supervisor should look.
    pub(crate) look: Arc<Notify>,
    /// Whether what is owed is being sent.
    pub(crate) delivering: AtomicBool,
    /// Whether it was told that the server does not take that, which is tried again at every heartbeat.
    pub(crate) refusing: AtomicBool,
    pub(crate) waits: Waits,
    /// The last heartbeat's, in microseconds.
    pub(crate) round_trip: AtomicU64,
    /// Whether the first attempt to connect has come to an end.
    pub(crate) settled: watch::Sender<bool>,
    /// Who waits for a lease.
    pub(crate) freed: Arc<Freed>,
    /// Where somebody looks on: what is announced.
    pub(crate) heard: OnceLock<broadcast::Sender<Announcement>>,
}

/// What a request needs of the server: one that still reads may refuse or hang writes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    Read,
    Write,
}

/// A heartbeat that was not answered by then is missed.
pub(super) const ANSWER: Duration = Duration::from_millis(100);

impl Link {
    pub(crate) const fn breaker(&self, way: Way) -> &Breaker {
        match way {
            Way::Read => &self.reads,
            Way::Write => &self.writes,
        }
    }

    pub(crate) fn is_up(&self) -> bool {
        self.generation.load(Ordering::Acquire) % 2 == 1
    }

    pub(crate) fn servers(&self) -> MutexGuard<'_, Option<Arc<Servers>>> {
        self.servers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn fault(&self) -> MutexGuard<'_, Option<String>> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The server's time in microseconds, as well as it is known.
    pub(crate) fn server_now(&self) -> u64 {
        let here = i64::try_from(self.clock.coarse().as_nanos() / 1_000).unwrap_or(i64::MAX);
        u64::try_from(here.saturating_add(self.server_ahead.load(Ordering::Relaxed))).unwrap_or(0)
    }

    /// How often waiting callers are looked after.
    pub(crate) fn tick(&self) -> Duration {
        (self.operation_timeout / 10).clamp(Duration::from_millis(1), ANSWER / 2)
    }

    /// Ends the waiting of callers whose time is over.
    pub(crate) async fn watch_over_waits(weak: Weak<Self>) {
        while let Some(link) = weak.upgrade() {
            link.waits.end(link.clock.coarse());
            let tick = link.tick();
            drop(link);
            tokio::time::sleep(tick).await;
        }
    }

    pub(super) fn extend(&self, until: Moment) {
        self.tracked_until.fetch_max(until.as_nanos(), Ordering::AcqRel);
    }
}
