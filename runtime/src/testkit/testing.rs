//! An instance for tests, with its controls.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::server::Server;
use super::{Clock, Hand, StandIn, link};
use crate::clock::{Clock as Time, Moment};
use crate::epoch::Table;
use crate::error::Error;
use crate::instance::{Builder, Larder, Parts, Settings};
use crate::reactor::Reactor;

/// An instance for tests: a [`Larder`], with the clock and the Redis that it goes by.
///
/// It differs from one over Redis in this alone: its time is the moved clock's, and values live exactly as long as
/// their ttl says, whatever their `jitter`. Of the server itself it shows what callers can meet: no restart, no
/// eviction.
///
/// # Examples
///
/// ```
/// # pollster::block_on(async {
/// use std::time::Duration;
/// use larder::{Larder, ttl_cached};
///
/// #[ttl_cached(entity = "tools")]
/// async fn tool(id: u64) -> u64 {
///     id
/// }
///
/// let larder = Larder::builder().ttl("tools", Duration::from_secs(5)).testing()?;
/// larder.scope(tool(1)).await;
/// larder.clock().advance(Duration::from_secs(5));
/// larder.scope(tool(1)).await;
/// assert_eq!(larder.stats().entities["tools"].misses, 2);
/// # Ok::<(), larder::Error>(()) }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Testing {
    larder: Larder,
    clock: Clock,
    redis: StandIn,
    settings: Settings,
}

impl Testing {
    fn start(settings: Settings) -> Self {
        let hand: Arc<Hand> = Arc::default();
        let redis = StandIn { server: Server::new(&hand, settings.settle), hand: Arc::clone(&hand) };
        Self::over(settings, Clock { hand }, redis)
    }

    fn over(settings: Settings, clock: Clock, redis: StandIn) -> Self {
        let parts = link::connect(&redis.server, &clock.hand, &settings);
        Self::of(settings, parts, clock, redis)
    }

    fn of(settings: Settings, parts: Parts, clock: Clock, redis: StandIn) -> Self {
        clock.hand.drive(&parts.reactor);
        Self { larder: Larder::assemble(settings.clone(), parts), clock, redis, settings }
    }

    /// The clock that this instance goes by.
    ///
    /// # Examples
    ///
    /// ```
    /// let larder = larder::Larder::testing();
    /// larder.clock().advance(std::time::Duration::from_secs(1));
    /// ```
    #[must_use]
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The stand-in for Redis: that of this instance, and of all that were made with [`another`](Self::another).
    ///
    /// # Examples
    ///
    /// ```
    /// let larder = larder::Larder::testing();
    /// larder.redis().hang();
    /// ```
    #[must_use]
    pub const fn redis(&self) -> &StandIn {
        &self.redis
    }

    /// Another process: an instance of the same settings, on the same stand-in and clock, with a memory of its own.
    ///
    /// # Examples
    ///
    /// ```
    /// # pollster::block_on(async {
    /// #[larder::ttl_cached(entity = "tools")]
    /// async fn tool(id: u64) -> u64 {
    ///     id
    /// }
    ///
    /// let here = larder::Larder::testing();
    /// let there = here.another();
    /// here.scope(tool(1)).await;
    /// there.scope(tool(1)).await;
    /// assert_eq!(there.stats().entities["tools"].hits_redis, 1);
    /// # });
    /// ```
    #[must_use]
    pub fn another(&self) -> Self {
        Self::over(self.settings.clone(), self.clock.clone(), self.redis.clone())
    }

    /// An instance of the same settings on the same clock, in memory alone: a process where no Redis is configured.
    ///
    /// # Examples
    ///
    /// ```
    /// let larder = larder::Larder::testing().without_redis();
    /// assert!(!larder.stats().redis.configured);
    /// ```
    #[must_use]
    pub fn without_redis(&self) -> Self {
        let parts = Parts {
            clock: Time::moved_by(Arc::clone(&self.clock.hand)),
            reactor: Reactor::default(),
            table: Arc::new(Table::with(false, Time::moved_by(Arc::clone(&self.clock.hand)), self.settings.settle)),
            tracked_until: Arc::new(AtomicU64::new(Moment::NEVER.as_nanos())),
            remote: None,
        };
        Self::of(self.settings.clone(), parts, self.clock.clone(), self.redis.clone())
    }
}

impl Deref for Testing {
    type Target = Larder;

    fn deref(&self) -> &Larder {
        &self.larder
    }
}

impl Larder {
    /// An instance for tests, of its own: over a stand-in for Redis, on a clock that only the test moves, blind to the
    /// environment.
    ///
    /// # Examples
    ///
    /// ```
    /// # pollster::block_on(async {
    /// use std::time::Duration;
    /// use larder::{Larder, ttl_cached};
    ///
    /// #[ttl_cached(entity = "tools", ttl = "20s")]
    /// async fn tool(id: u64) -> u64 {
    ///     id
    /// }
    ///
    /// let larder = Larder::testing();
    /// larder.scope(tool(1)).await;
    /// larder.clock().advance(Duration::from_secs(20));
    /// larder.scope(tool(1)).await;
    /// assert_eq!(larder.stats().entities["tools"].misses, 2);
    /// # });
    /// ```
    #[cfg_attr(docsrs, doc(cfg(feature = "testkit")))]
    #[must_use]
    pub fn testing() -> Testing {
        Testing::start(Settings { jitter: false, ..Settings::default() })
    }
}

impl Builder {
    /// Makes an instance for tests of these settings: see [`Larder::testing`]. An address of Redis and the environment
    /// are left aside, so that a program's own configuration can be tested.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration), naming every wrong setting at once.
    ///
    /// # Examples
    ///
    /// ```
    /// # pollster::block_on(async {
    /// let larder = larder::Larder::builder().depends("gateways", ["tools"]).testing()?;
    /// let receipt = larder.invalidate("gateways").await?;
    /// assert_eq!(receipt.names().collect::<Vec<_>>(), ["gateways", "tools"]);
    /// # Ok::<(), larder::Error>(()) }).unwrap();
    /// ```
    #[cfg_attr(docsrs, doc(cfg(feature = "testkit")))]
    pub fn testing(self) -> Result<Testing, Error> {
        let settings = self.ignore_environment().checked()?;
        Ok(Testing::start(Settings { jitter: false, redis: Default::default(), ..settings }))
    }
}
