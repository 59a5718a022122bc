//! The instance in force, and the free functions that act on it.

use std::future::Future;
use std::sync::{Arc, OnceLock};

use super::{Builder, Health, Larder, Receipt, Settings, with_mode};
use crate::ambient::{Ambient, Mode};
use crate::error::{Error, ErrorKind};
use crate::stats::Stats;

/// The process's own instance.
static INSTALLED: OnceLock<Larder> = OnceLock::new();

impl Larder {
    /// Makes this the process's own instance, for every call outside a [`scope`](Self::scope).
    ///
    /// Without it the first cached call installs one from the `LARDER_*` variables, in memory where they name no Redis.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::AlreadyInstalled`] when one is in force already, also one that a first call has made.
    pub fn install(&self) -> Result<(), Error> {
        INSTALLED.set(self.clone()).map_err(|_| {
            let text =
                "an instance is in force already: call `install()` once, before the first cached call, or use `scope`";
            Error::new(ErrorKind::AlreadyInstalled, text)
        })
    }

    /// The instance in force here: that of the innermost scope, or the process's own.
    #[must_use]
    pub fn current() -> Self {
        let scoped = Ambient::current().and_then(|ambient| ambient.larder.clone());
        scoped.unwrap_or_else(|| Self::installed().clone())
    }

    /// The process's own instance; made from the environment if there is none.
    #[inline]
    pub(crate) fn installed() -> &'static Self {
        match INSTALLED.get() {
            Some(installed) => installed,
            None => install_default(),
        }
    }

    fn in_mode<F: Future>(&self, mode: Mode, future: F) -> impl Future<Output = F::Output> + use<F> {
        let mut ambient = self.ambient();
        ambient.mode = mode;
        ambient.scope(future)
    }

    /// Runs a future whose cached calls all run their bodies and neither read nor store.
    pub fn bypass<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        self.in_mode(Mode::Bypass, future)
    }

    /// Runs a future whose cached calls all run their bodies and store what they return.
    pub fn refresh<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        self.in_mode(Mode::Refresh, future)
    }
}

/// Installs the instance that the environment describes. Wrong variables leave it in memory, and are logged.
#[cold]
fn install_default() -> &'static Larder {
    INSTALLED.get_or_init(|| match Builder::default().build_now() {
        Ok(larder) => larder,
        Err(error) => {
            crate::log::warn(&format_args!("the default instance stays in memory: {error}"));
            Larder::in_memory(Settings::default())
        }
    })
}

/// Ends an entity or a tag in every process: see [`Larder::invalidate`].
///
/// # Errors
///
/// Only for an empty name.
pub async fn invalidate(name: impl AsRef<str>) -> Result<Receipt, Error> {
    Larder::current().invalidate(name).await
}

/// Ends everything in the namespace: see [`Larder::clear`].
///
/// # Errors
///
/// None at present.
pub async fn clear() -> Result<Receipt, Error> {
    Larder::current().clear().await
}

/// Makes sure that this process reads what was written before another process's receipt: see [`Larder::after`].
///
/// # Examples
///
/// ```
/// # pollster::block_on(async {
/// # let carried = serde_json::to_string(&larder::invalidate("tools").await?)?;
/// // `carried` came with a job, from the process that wrote.
/// let receipt: larder::Receipt = serde_json::from_str(&carried)?;
/// larder::after(&receipt).await;
/// // No call gets what was computed before that write.
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
pub async fn after(receipt: &Receipt) -> Receipt {
    Larder::current().after(receipt).await
}

/// Says, inside a cached body, that its result depends on `name`: whatever ends that name ends the result.
///
/// Outside a cached body it does nothing.
///
/// # Examples
///
/// ```
/// # pollster::block_on(async {
/// use std::sync::atomic::{AtomicU32, Ordering};
///
/// static RUNS: AtomicU32 = AtomicU32::new(0);
///
/// #[larder::ttl_cached(entity = "pages")]
/// async fn page(id: u32) -> u32 {
///     larder::tag(format!("author:{}", id % 10));
///     RUNS.fetch_add(1, Ordering::Relaxed)
/// }
///
/// page(12).await;
/// larder::invalidate("author:2").await?;
/// page(12).await;
/// assert_eq!(RUNS.load(Ordering::Relaxed), 2);
/// # Ok::<(), larder::Error>(()) }).unwrap();
/// ```
pub fn tag(name: impl AsRef<str>) {
    if let Some(frame) = Ambient::current().and_then(|ambient| ambient.frame.as_ref().map(Arc::clone)) {
        frame.tag(Larder::current().table().named(name.as_ref()));
    }
}

/// Runs a future whose cached calls all run their bodies and neither read nor store.
///
/// # Examples
///
/// ```
/// # pollster::block_on(async {
/// #[larder::ttl_cached(entity = "tools")]
/// async fn answer() -> u32 { 42 }
///
/// assert_eq!(larder::bypass(answer()).await, 42);
/// # });
/// ```
pub fn bypass<F: Future>(future: F) -> impl Future<Output = F::Output> {
    with_mode(Mode::Bypass, future)
}

/// Runs a future whose cached calls all run their bodies and store what they return.
///
/// # Examples
///
/// ```
/// # pollster::block_on(async {
/// #[larder::ttl_cached(entity = "tools")]
/// async fn answer() -> u32 { 42 }
///
/// assert_eq!(larder::refresh(answer()).await, 42);
/// # });
/// ```
pub fn refresh<F: Future>(future: F) -> impl Future<Output = F::Output> {
    with_mode(Mode::Refresh, future)
}

/// What happened so far in the instance in force: see [`Larder::stats`].
#[must_use]
pub fn stats() -> Stats {
    Larder::current().stats()
}

/// How the instance in force is: see [`Larder::health`].
pub async fn health() -> Health {
    Larder::current().health().await
}
