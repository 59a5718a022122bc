//! The configuration of an instance, step by step.

use std::time::Duration;

use super::{Larder, Settings};
#[cfg(feature = "redis")]
use super::{Pem, Said, Secret};
use crate::error::{Error, ErrorKind};

/// Configures an instance: see [`Larder::builder`].
///
/// The `LARDER_*` variables of the environment stand above what is written here, so that a deployment decides:
/// `LARDER_REDIS_URL`, or `LARDER_REDIS_MASTER` and `LARDER_REDIS_SENTINELS`, or `LARDER_REDIS_CLUSTER` (addresses separated
/// by commas; any of these replaces all that the code says about where Redis is), `LARDER_REDIS_CA`,
/// `LARDER_REDIS_CERTIFICATE`, `LARDER_REDIS_KEY` (PEM, or paths), `LARDER_NAMESPACE`, `LARDER_ENABLED`, `LARDER_TTL`, `LARDER_CAPACITY`, `LARDER_<ENTITY>_TTL`,
/// `LARDER_<ENTITY>_ENABLED`. [`ignore_environment`](Self::ignore_environment) turns that off.
///
/// # Examples
///
/// ```
/// # pollster::block_on(async {
/// use std::time::Duration;
///
/// let larder = larder::Larder::builder()
///     .namespace("mcpgw")
///     .ttl("tools", Duration::from_secs(20))
///     .depends("gateways", ["tools", "resources", "prompts"])
///     .build()
///     .await?;
/// # Ok::<(), larder::Error>(()) }).unwrap();
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build()`"]
pub struct Builder {
    settings: Settings,
    environment: bool,
}

impl Default for Builder {
    fn default() -> Self {
        Self { settings: Settings::default(), environment: true }
    }
}

impl Builder {
    /// Shares values, invalidations and leases over this Redis: `redis://[user:password@]host:port/database`, the same
    /// with `rediss://` for TLS, or `unix:///path`.
    ///
    /// # Examples
    ///
    /// ```
    /// # pollster::block_on(async {
    /// let larder = larder::Larder::builder().redis("redis://127.0.0.1:1/0").build().await?;
    /// let fault = larder.health().await.fault.unwrap_or_default();
    /// assert_eq!(fault, "nobody listens at 127.0.0.1:1");
    /// # Ok::<(), larder::Error>(()) }).unwrap();
    /// ```
    #[cfg(feature = "redis")]
    #[cfg_attr(docsrs, doc(cfg(feature = "redis")))]
    pub fn redis(mut self, url: impl Into<String>) -> Self {
        self.settings.redis.url = Some(Said { what: Secret(url.into()), from: "redis url" });
        self
    }

    /// Shares over the Redis that sentinels call `master`, wherever it is by then: after a failover the link is made anew.
    ///
    /// An address is `host:port` (26379 where no port stands) or a URL with a user and a password for the sentinel. User,
    /// password, database and TLS of the server itself are those of [`redis`](Self::redis), whose host is then not used;
    /// without it, those of the first sentinel.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn start() -> Result<(), larder::Error> {
    /// let larder = larder::Larder::builder()
    ///     .redis_sentinel("mymaster", ["a.example:26379", "b.example:26379", "c.example:26379"])
    ///     .redis("rediss://app:secret@mymaster/0")
    ///     .build()
    ///     .await?;
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "redis")]
    #[cfg_attr(docsrs, doc(cfg(feature = "redis")))]
    pub fn redis_sentinel<A: Into<String>>(
        mut self,
        master: impl Into<String>,
        addresses: impl IntoIterator<Item = A>,
    ) -> Self {
        let from = "redis_sentinel";
        self.settings.redis.master = Some(Said { what: master.into(), from });
        let what = addresses.into_iter().map(|address| Secret(address.into())).collect();
        self.settings.redis.sentinels = Some(Said { what, from });
        self
    }

    /// Shares over a Redis Cluster, found from any of these nodes: `host:port`, or URLs as for [`redis`](Self::redis)
    /// without a database. All nodes share the login and the TLS of the node that answered.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn start() -> Result<(), larder::Error> {
    /// let larder = larder::Larder::builder().redis_cluster(["a.example:6379", "b.example:6379"]).build().await?;
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "redis")]
    #[cfg_attr(docsrs, doc(cfg(feature = "redis")))]
    pub fn redis_cluster<A: Into<String>>(mut self, addresses: impl IntoIterator<Item = A>) -> Self {
        let what = addresses.into_iter().map(|address| Secret(address.into())).collect();
        self.settings.redis.cluster = Some(Said { what, from: "redis_cluster" });
        self
    }

    /// The certificate authority that signs the certificates of a `rediss://` address, in PEM or as the path of such a file;
    /// nobody else is trusted then (default: whom the system trusts).
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn start() -> Result<(), larder::Error> {
    /// let larder = larder::Larder::builder()
    ///     .redis("rediss://app:secret@redis.example:6380/0")
    ///     .redis_ca("/etc/redis/ca.pem")
    ///     .build()
    ///     .await?;
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "redis")]
    #[cfg_attr(docsrs, doc(cfg(feature = "redis")))]
    pub fn redis_ca(mut self, pem_or_path: impl Into<String>) -> Self {
        self.settings.redis.ca = Some(Pem(Said { what: Secret(pem_or_path.into()), from: "redis_ca" }));
        self
    }

    /// The certificate that this process shows to servers that ask for one, and its key: in PEM, or as paths of such files.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn start() -> Result<(), larder::Error> {
    /// let larder = larder::Larder::builder()
    ///     .redis("rediss://redis.example:6380/0")
    ///     .redis_identity("/etc/app/certificate.pem", "/etc/app/key.pem")
    ///     .build()
    ///     .await?;
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "redis")]
    #[cfg_attr(docsrs, doc(cfg(feature = "redis")))]
    pub fn redis_identity(mut self, certificate: impl Into<String>, key: impl Into<String>) -> Self {
        let pem = |what: String| Pem(Said { what: Secret(what), from: "redis_identity" });
        self.settings.redis.certificate = Some(pem(certificate.into()));
        self.settings.redis.key = Some(pem(key.into()));
        self
    }

    /// The name that every key, channel and lease lives under (default `larder`).
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.settings.namespace = namespace.into();
        self
    }

    /// The life of an entity's values: it stands above what an attribute says. Zero: never stored.
    pub fn ttl(mut self, entity: impl Into<String>, ttl: Duration) -> Self {
        self.settings.entities.entry(entity.into()).or_default().ttl = Some(ttl);
        self
    }

    /// The life of values whose attribute and entity name none (default 60 s).
    pub const fn default_ttl(mut self, ttl: Duration) -> Self {
        self.settings.ttl = ttl;
        self
    }

    /// How many values each function keeps in memory where its attribute does not say (default 10 000).
    pub const fn capacity(mut self, entries: usize) -> Self {
        self.settings.capacity = Some(entries);
        self
    }

    /// Whether anything is cached (default `true`). When off, every body runs, and invalidations are still sent.
    pub const fn enabled(mut self, enabled: bool) -> Self {
        self.settings.enabled = enabled;
        self
    }

    /// Ending `entity` also ends `dependants`, and what depends on those.
    pub fn depends<D: Into<String>>(
        mut self,
        entity: impl Into<String>,
        dependants: impl IntoIterator<Item = D>,
    ) -> Self {
        let known = self.settings.depends.entry(entity.into()).or_default();
        known.extend(dependants.into_iter().map(Into::into));
        self
    }

    /// The longest that a call may wait for Redis (default 500 ms).
    pub const fn operation_timeout(mut self, timeout: Duration) -> Self {
        self.settings.operation_timeout = timeout;
        self
    }

    /// How long Redis is left alone after three calls in a row that it did not answer (default 30 s, at most an hour). Then one
    /// call is sent, and its answer decides. Reads and writes are counted apart; a link that is made anew begins anew.
    ///
    /// # Examples
    ///
    /// ```
    /// # pollster::block_on(async {
    /// use std::time::Duration;
    ///
    /// let larder = larder::Larder::builder().breaker_open(Duration::from_secs(5)).build().await?;
    /// assert_eq!(larder.stats().redis.breaker, larder::Breaker::Closed);
    /// # Ok::<(), larder::Error>(()) }).unwrap();
    /// ```
    pub const fn breaker_open(mut self, time: Duration) -> Self {
        self.settings.breaker_open = time;
        self
    }

    /// How often the link to Redis is tested (default 100 ms). Twice this must be less than
    /// [`tracking_lease`](Self::tracking_lease).
    pub const fn heartbeat(mut self, every: Duration) -> Self {
        self.settings.heartbeat = every;
        self
    }

    /// The longest that a value ended elsewhere is served here when the link is dead, however it died (default 1 s).
    pub const fn tracking_lease(mut self, lease: Duration) -> Self {
        self.settings.lease = lease;
        self
    }

    /// How long the source may go on showing what was there before a write: the longest lag of a read replica (default
    /// zero). What is computed within this time after an invalidation is answered, and stored nowhere.
    ///
    /// # Examples
    ///
    /// ```
    /// # pollster::block_on(async {
    /// use std::time::Duration;
    ///
    /// #[larder::ttl_cached(entity = "tools")]
    /// async fn tool(id: u32) -> u32 { id }                           // reads a replica
    ///
    /// let larder = larder::Larder::builder().settle(Duration::from_secs(2)).build().await?;
    /// larder.invalidate("tools").await?;
    /// larder.scope(async { tool(1).await + tool(1).await }).await;    // the replica may lag: both run
    /// assert_eq!(larder.stats().entities["tools"].misses, 2);
    /// # Ok::<(), larder::Error>(()) }).unwrap();
    /// ```
    pub const fn settle(mut self, lag: Duration) -> Self {
        self.settings.settle = lag;
        self
    }

    /// Leaves the `LARDER_*` variables aside.
    pub const fn ignore_environment(mut self) -> Self {
        self.environment = false;
        self
    }

    /// Makes the instance.
    ///
    /// With Redis, this waits up to the operation timeout for the first link, and succeeds without one: functions answer
    /// by this process alone until Redis is there.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`], naming every wrong setting and variable at once, without their passwords.
    pub async fn build(self) -> Result<Larder, Error> {
        let larder = self.build_now()?;
        larder.first_link().await;
        Ok(larder)
    }

    pub(crate) fn build_now(self) -> Result<Larder, Error> {
        let (settings, mut faults) = self.settled();
        let larder = make(settings, &mut faults);
        match larder {
            Some(larder) if faults.is_empty() => Ok(larder),
            _ => Err(wrong(&faults)),
        }
    }

    /// The settings, with the environment's above them, and what is wrong with them.
    fn settled(self) -> (Settings, Vec<String>) {
        let Self { mut settings, environment } = self;
        let mut faults = Vec::new();
        if environment {
            let variables = std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
            settings.read_environment(variables, &mut faults);
        }
        settings.check(&mut faults);
        (settings, faults)
    }

    /// The settings, if they can work.
    #[cfg(feature = "testkit")]
    pub(crate) fn checked(self) -> Result<Settings, Error> {
        let (settings, faults) = self.settled();
        if faults.is_empty() { Ok(settings) } else { Err(wrong(&faults)) }
    }
}

fn wrong(faults: &[String]) -> Error {
    Error::new(ErrorKind::Configuration, format!("wrong configuration: {}", faults.join("; ")))
}

#[cfg(not(feature = "redis"))]
fn make(settings: Settings, faults: &mut Vec<String>) -> Option<Larder> {
    if let Some(from) = settings.redis.from() {
        faults.push(format!("{from}: this program was built without larder's feature `redis`"));
    }
    faults.is_empty().then(|| Larder::in_memory(settings))
}

#[cfg(feature = "redis")]
fn make(settings: Settings, faults: &mut Vec<String>) -> Option<Larder> {
    use crate::redis_tier::{Redis, Topology};

    let topology = Topology::new(&settings.redis, faults);
    faults.is_empty().then(|| match topology {
        None => Larder::in_memory(settings),
        Some(topology) => {
            let parts = Redis::start(topology, &settings);
            Larder::assemble(settings, parts)
        }
    })
}

impl Larder {
    /// Waits until Redis answers, or until it is clear that it does not.
    async fn first_link(&self) {
        if let Some(remote) = self.remote() {
            remote.settled().await;
        }
    }
}
