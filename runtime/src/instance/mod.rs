//! One instance: its functions, its epochs, its tiers.

mod builder;
mod carried;
mod current;
mod forget;
mod health;
mod place;
mod settings;
mod span;

use std::any::TypeId;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::ambient::{Ambient, Mode};
use crate::cache::{AnyFunction, Core, Function, Instantiation, Site, Times};
use crate::clock::{Clock, Moment};
use crate::epoch::{Cell, EVERYTHING, Epoch, Table};
use crate::error::Error;
use crate::lease::Leases;
use crate::reactor::Reactor;
use crate::remote::Remote;
use crate::stats::{Counters, RedisStats, Stats};

pub use builder::Builder;
pub use carried::{Frame, detached, frame};
pub use current::{bypass, clear, health, invalidate, refresh, stats, tag};
pub use forget::{CachedCall, EntryOf, Forget, entry_of, forget};
pub use health::{Health, Status};
pub(crate) use place::Place;
#[cfg(feature = "redis")]
pub(crate) use place::{Pem, Said};
#[cfg(feature = "redis")]
pub(crate) use settings::Secret;
pub(crate) use settings::Settings;

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

#[derive(Default)]
struct Functions {
    by_site: HashMap<(usize, TypeId), Arc<dyn AnyFunction>>,
    /// The functions that share a path and a fingerprint, in the order of their first use.
    twins: HashMap<(String, u64), Vec<(usize, TypeId)>>,
}

/// What an instance is made of, besides its settings.
pub(crate) struct Parts {
    pub(crate) clock: Clock,
    pub(crate) reactor: Reactor,
    pub(crate) table: Arc<Table>,
    pub(crate) tracked_until: Arc<AtomicU64>,
    pub(crate) remote: Option<Arc<dyn Remote>>,
}

/// What an invalidation did.
///
/// # Examples
///
/// ```
/// # pollster::block_on(async {
/// let receipt = larder::invalidate("tools").await?;
/// assert!(receipt.is_applied());
/// # Ok::<(), larder::Error>(()) }).unwrap();
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    epochs: BTreeMap<Arc<str>, u64>,
    applied: bool,
}

impl Receipt {
    /// That of an end of nothing.
    pub(crate) const fn nothing() -> Self {
        Self { epochs: BTreeMap::new(), applied: true }
    }

    /// `true`: ended everywhere. `false`: ended in this process, and kept to be sent as soon as Redis is back.
    #[must_use]
    pub const fn is_applied(&self) -> bool {
        self.applied
    }

    /// The names that were ended, with what depends on them.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.epochs.keys().map(|name| &**name)
    }
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
        let (clock, reactor, table) = (Clock::system(), Reactor::default(), Arc::new(Table::new(false)));
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

    /// Ends an entity or a tag, in every process, with all that depends on it.
    ///
    /// When this returns, no later call in this process gets a value whose computation began before. Where Redis is
    /// configured and away, the end is kept and sent when it is back; [`Receipt::is_applied`] tells. The work goes on if
    /// the returned future is dropped.
    ///
    /// # Errors
    ///
    /// Only for an empty name.
    pub async fn invalidate(&self, name: impl AsRef<str>) -> Result<Receipt, Error> {
        let name = name.as_ref();
        if name.is_empty() {
            let text = "an empty name was to be invalidated: give the entity or tag, such as \"tools\"";
            return Err(Error::new(crate::ErrorKind::Configuration, text));
        }
        Ok(self.end(vec![name.to_owned()]).await)
    }

    /// Ends everything in this namespace, in every process.
    ///
    /// # Errors
    ///
    /// None at present.
    pub async fn clear(&self) -> Result<Receipt, Error> {
        Ok(self.end_cells(vec![Arc::clone(&self.inner.everything)]).await)
    }

    /// Begins the end of names at once; what is awaited is only the word of Redis.
    pub(crate) fn end(&self, names: Vec<String>) -> impl Future<Output = Receipt> + Send + use<> + 'static {
        self.end_with(names, &[])
    }

    /// [`end`](Self::end), and single entries by their cells.
    pub(crate) fn end_with(
        &self,
        names: Vec<String>,
        entries: &[[Arc<Cell>; 2]],
    ) -> impl Future<Output = Receipt> + Send + use<> + 'static {
        #[cfg(feature = "testkit")]
        for name in names.iter().filter(|_| self.is_testing()) {
            crate::testkit::seen::ended(name, self.inner.settings.with_dependants(vec![name.clone()]));
        }
        let names = self.inner.settings.with_dependants(names);
        for name in &names {
            self.ended(name).invalidations.up();
        }
        let named = names.iter().map(|name| self.inner.table.named(name));
        self.end_cells(named.chain(entries.iter().flatten().cloned()).collect())
    }

    fn end_cells(&self, cells: Vec<Arc<Cell>>) -> impl Future<Output = Receipt> + Send + use<> + 'static {
        let reply = match &self.inner.remote {
            Some(remote) => Some(remote.end(cells.clone())),
            None => {
                cells.iter().for_each(|cell| self.inner.table.end(cell));
                None
            }
        };
        async move {
            let confirmed = match reply {
                None => Some(cells.iter().map(|cell| cell.epoch()).collect()),
                Some(reply) => reply.await.ok(),
            };
            let applied = confirmed.is_some();
            let epochs = confirmed.unwrap_or_else(|| vec![Epoch::UNKNOWN; cells.len()]);
            let names = cells.iter().map(|cell| Arc::clone(cell.name()));
            Receipt { epochs: names.zip(epochs.iter().map(|epoch| epoch.raw())).collect(), applied }
        }
    }

    /// The counters of a name that was ended.
    pub(crate) fn ended(&self, name: &str) -> Arc<Counters> {
        /// More names are counted together, so that counters stay bounded.
        const NAMES: usize = 1000;
        let mut ended = self.inner.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let name =
            if ended.len() < NAMES || ended.contains_key(name) { Arc::from(name) } else { Arc::from("(others)") };
        Arc::clone(ended.entry(name).or_default())
    }

    /// What happened so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let mut stats = Stats::default();
        let functions: Vec<Arc<dyn AnyFunction>> = self.functions().by_site.values().cloned().collect();
        for function in functions {
            let core = function.core();
            stats.add(core.path.clone(), core.entity, &core.counts(function.entries()));
        }
        for (name, counters) in &*self.inner.ended.lock().unwrap_or_else(PoisonError::into_inner) {
            stats.entities.entry(name.to_string()).or_default().invalidations += counters.counts(0).invalidations;
        }
        stats.redis = self.inner.remote.as_ref().map_or_else(RedisStats::default, |remote| remote.stats());
        stats
    }

    pub(crate) fn id(&self) -> u64 {
        self.inner.id
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

    fn functions(&self) -> MutexGuard<'_, Functions> {
        self.inner.functions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The function that a site is in this instance.
    pub(crate) fn function<V: Clone + Send + Sync + 'static>(
        &self,
        site: &'static Site,
        instantiation: Instantiation,
    ) -> Arc<Function<V>> {
        let mut functions = self.functions();
        let key = (site.number(), instantiation.id);
        if let Some(known) = functions.by_site.get(&key).cloned() {
            let known: Arc<dyn std::any::Any + Send + Sync> = known;
            if let Ok(function) = known.downcast() {
                return function;
            }
        }
        #[cfg(feature = "testkit")]
        if self.is_testing() {
            crate::testkit::seen::called(site.entity);
        }
        let settings = &self.inner.settings;
        let path = instantiation.path(site.name);
        let twins = functions.twins.entry((path.clone(), site.fingerprint)).or_default();
        let twin = twins.iter().position(|known| *known == key).unwrap_or_else(|| {
            twins.push(key);
            twins.len() - 1
        });
        let everything = Arc::clone(&self.inner.everything);
        let entity = if site.entity.is_empty() { Arc::clone(&everything) } else { self.inner.table.named(site.entity) };
        let cells = [everything, entity];
        let core = Core::new(site, path, twin, settings, &self.inner.table, cells);
        let capacity = settings.capacity_of(site.capacity);
        let owner = core.owner;
        let function = Arc::new(Function::new(core, site, capacity));
        let keeper: std::sync::Weak<Function<V>> = Arc::downgrade(&function);
        self.inner.table.keep(owner, keeper);
        functions.by_site.insert(key, Arc::clone(&function) as _);
        function
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
