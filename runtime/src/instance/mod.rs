//! One instance: its functions, its epochs, its tiers.

mod builder;
mod carried;
mod current;
mod ends;
mod forget;
mod functions;
mod health;
mod held;
mod place;
mod receipt;
mod receipts;
#[cfg(feature = "axum")]
mod recent;
mod settings;
mod span;
mod transaction;

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::ambient::{Ambient, Mode};
use crate::cache::Times;
use crate::clock::{Clock, Moment};
use crate::epoch::{Cell, EVERYTHING, Table};
use crate::lease::Leases;
use crate::reactor::Reactor;
use crate::remote::Remote;
use crate::stats::{Counters, RedisStats, Stats};

pub use builder::Builder;
pub use carried::{Frame, detached, frame};
pub use current::{after, bypass, clear, health, invalidate, refresh, stats, tag};
pub use forget::{CachedCall, EntryOf, Forget, entry_of, forget};
use functions::Functions;
pub use health::{Health, Status};
pub(crate) use held::Held;
pub(crate) use place::Place;
#[cfg(feature = "redis")]
pub(crate) use place::{Pem, Said};
pub use receipt::Receipt;
pub(crate) use receipts::Gathered;
pub use receipts::receipts;
#[cfg(feature = "axum")]
pub(crate) use recent::{Ended, Invalidation};
#[cfg(feature = "redis")]
pub(crate) use settings::Secret;
pub(crate) use settings::Settings;
pub use transaction::transaction;

/// One instance of the cache: what the macros act on.
///
/// A process has one, put in force with [`install`](Self::install); tests and tenants use their own with
/// [`scope`](Self::scope). Cloning is cheap and gives the same instance.
///
/// # Examples
///
/// ```
/// # pollster::block_on(async {
/// use larder::{Larder, ttl_cached};
///
/// #[ttl_cached(entity = "squares")]
/// async fn square(n: u64) -> u64 {
///     n * n
/// }
///
/// let larder = Larder::builder().namespace("docs").build().await?;
/// larder.scope(async {
///     assert_eq!(square(12).await, 144);
///     assert_eq!(square(12).await, 144);
/// }).await;
/// assert_eq!(larder.stats().entities["squares"].hits_memory, 1);
/// # Ok::<(), larder::Error>(()) }).unwrap();
/// ```
#[derive(Clone)]
pub struct Larder {
    inner: Arc<Inner>,
}

struct Inner {
    id: u64,
    settings: Settings,
    clock: Clock,
    table: Arc<Table>,
    everything: Arc<Cell>,
    /// Until when pushes are known to arrive, in nanoseconds of the coarse clock. Never moves where there is no Redis.
    tracked_until: Arc<AtomicU64>,
    functions: Mutex<Functions>,
    ended: Mutex<BTreeMap<Arc<str>, Arc<Counters>>>,
    remote: Option<Arc<dyn Remote>>,
    leases: Leases,
}

/// What an instance is made of, besides its settings.
pub(crate) struct Parts {
    pub(crate) clock: Clock,
    pub(crate) reactor: Reactor,
    pub(crate) table: Arc<Table>,
    pub(crate) tracked_until: Arc<AtomicU64>,
    pub(crate) remote: Option<Arc<dyn Remote>>,
}

impl Larder {
    /// Starts the configuration of an instance.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) fn assemble(settings: Settings, parts: Parts) -> Self {
        let Parts { clock, reactor, table, tracked_until, remote } = parts;
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let leases = Leases::new(clock.clone(), reactor, remote.clone());
        let everything = table.cell(EVERYTHING);
        let inner = Inner {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            settings,
            clock,
            table,
            everything,
            tracked_until,
            functions: Mutex::default(),
            ended: Mutex::default(),
            remote,
            leases,
        };
        Self { inner: Arc::new(inner) }
    }

    pub(crate) fn in_memory(settings: Settings) -> Self {
        let until = Arc::new(AtomicU64::new(Moment::NEVER.as_nanos()));
        let (clock, reactor) = (Clock::system(), Reactor::default());
        let table = Arc::new(Table::with(false, clock.clone(), settings.settle));
        Self::assemble(settings, Parts { clock, reactor, table, tracked_until: until, remote: None })
    }

    /// Runs a future with this instance in force, also for what it calls and awaits.
    ///
    /// The returned future borrows nothing of `self`, so it can be spawned.
    pub fn scope<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        self.ambient().scope(future)
    }

    /// Runs a closure with this instance in force: [`scope`](Self::scope) for sync code.
    ///
    /// # Examples
    ///
    /// ```
    /// # pollster::block_on(async {
    /// let larder = larder::Larder::builder().build().await?;
    /// assert_eq!(larder.run(|| 1 + 1), 2);
    /// # Ok::<(), larder::Error>(()) }).unwrap();
    /// ```
    pub fn run<R>(&self, body: impl FnOnce() -> R) -> R {
        self.ambient().run(body)
    }

    /// What is in force inside a scope of this instance. A cached body that goes to another instance cannot be ended by
    /// what ends there: it is not stored.
    pub(crate) fn ambient(&self) -> Ambient {
        let mut ambient = Ambient::inherit();
        let stays = ambient.larder.as_ref().is_some_and(|larder| larder.id() == self.id());
        if let Some(frame) = ambient.frame.take_if(|_| !stays) {
            frame.depends_on_unstored();
        }
        ambient.larder = Some(self.clone());
        ambient
    }

    /// What happened so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let mut stats = Stats::default();
        for function in self.each_function() {
            let core = &function.core;
            stats.add(core.path.clone(), core.entity, &core.counts(function.entries()));
        }
        for (name, counters) in &*self.inner.ended.lock().unwrap_or_else(PoisonError::into_inner) {
            stats.entities.entry(name.to_string()).or_default().invalidations += counters.counts(0).invalidations;
        }
        stats.redis = self.inner.remote.as_ref().map_or_else(RedisStats::default, |remote| remote.stats());
        stats.leases = self.inner.leases.stats();
        stats
    }

    pub(crate) fn id(&self) -> u64 {
        self.inner.id
    }

    #[cfg(any(feature = "axum", feature = "metrics", feature = "redis", feature = "testkit"))]
    pub(crate) fn namespace(&self) -> &str {
        &self.inner.settings.namespace
    }

    /// Whether the test kit made this instance.
    #[cfg(feature = "testkit")]
    pub(crate) fn is_testing(&self) -> bool {
        self.inner.clock.is_moved()
    }

    pub(crate) fn table(&self) -> &Arc<Table> {
        &self.inner.table
    }

    pub(crate) fn remote(&self) -> Option<&Arc<dyn Remote>> {
        self.inner.remote.as_ref()
    }

    pub(crate) fn leases(&self) -> &Leases {
        &self.inner.leases
    }

    /// The coarse time.
    #[inline]
    pub(crate) fn now(&self) -> Moment {
        self.inner.clock.coarse()
    }

    /// When what was known to be current at `born` was last known to be so.
    pub(crate) fn known_at(&self, born: Moment) -> Moment {
        let until = self.tracked_until();
        if self.now() < until { born.max(until.before(self.tracking_lease())) } else { born }
    }

    #[inline]
    pub(crate) fn tracked_until(&self) -> Moment {
        Moment::from_nanos(self.inner.tracked_until.load(Ordering::Acquire))
    }

    /// The times that a judgement depends on; `ageless`: the deadline is none of them.
    #[inline]
    pub(crate) fn times(&self, ageless: bool) -> Times {
        let tracked_until = self.tracked_until();
        let timeless = ageless && tracked_until == Moment::NEVER;
        let now = if timeless { Moment::START } else { self.now() };
        Times { now, tracked_until, lease: self.inner.settings.lease }
    }

    #[inline]
    pub(crate) fn tracking_lease(&self) -> Duration {
        self.inner.settings.lease
    }
}

impl fmt::Debug for Larder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Larder")
            .field("namespace", &self.inner.settings.namespace)
            .field("redis", &self.inner.remote.is_some())
            .finish_non_exhaustive()
    }
}

impl Drop for Inner {
    /// Threads may still hold functions of this instance in their slots: what they hold is emptied.
    fn drop(&mut self) {
        let functions = self.functions.get_mut().unwrap_or_else(PoisonError::into_inner);
        functions.by_site.values().for_each(|function| function.clear());
    }
}

/// Runs a future whose cached calls behave as `mode` says.
pub(crate) fn with_mode<F: Future>(mode: Mode, future: F) -> impl Future<Output = F::Output> {
    let mut ambient = Ambient::inherit();
    ambient.mode = mode;
    ambient.scope(future)
}
