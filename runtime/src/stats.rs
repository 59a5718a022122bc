//! Counters, and the picture of them that users see.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::ser::{Serialize, SerializeStruct, Serializer};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// The counters of one function or entity, always on.
        #[derive(Debug, Default)]
        pub(crate) struct Counters {
            $(pub(crate) $name: Counter,)*
        }

        /// What happened to the calls of one function, or of all functions of one entity, since the start.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Counts {
            $($(#[$doc])* pub $name: u64,)*
            /// Values now in memory.
            pub entries: u64,
        }

        impl Counters {
            pub(crate) fn counts(&self, entries: u64) -> Counts {
                Counts { $($name: self.$name.get(),)* entries }
            }
        }

        impl Counts {
            fn add(&mut self, other: &Self) {
                $(self.$name += other.$name;)*
                self.entries += other.entries;
            }
        }

        impl Serialize for Counts {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let fields = [$(stringify!($name),)*].len() + 2;
                let mut counts = serializer.serialize_struct("Counts", fields)?;
                $(counts.serialize_field(stringify!($name), &self.$name)?;)*
                counts.serialize_field("entries", &self.entries)?;
                counts.serialize_field("hit_rate", &self.hit_rate())?;
                counts.end()
            }
        }
    };
}

counters! {
    /// Calls answered from memory.
    hits_memory,
    /// Calls answered from Redis.
    hits_redis,
    /// Calls that ran the body.
    misses,
    /// Calls that shared another caller's run.
    joins,
    /// Calls answered with a value past its life.
    stale,
    /// Values stored.
    stores,
    /// Failures: of bodies, of Redis, of bytes that could not be read.
    errors,
    /// Invalidations of this entity made here.
    invalidations,
}

impl Counts {
    /// Calls answered without running the body and without waiting for one.
    #[must_use]
    pub const fn hits(&self) -> u64 {
        self.hits_memory + self.hits_redis
    }

    /// Hits per call, from 0.0 to 1.0; 0.0 when there was no call.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(larder::Counts::default().hit_rate(), 0.0);
    /// ```
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "a rate for people")]
    pub fn hit_rate(&self) -> f64 {
        let calls = self.hits() + self.misses + self.joins;
        if calls == 0 { 0.0 } else { self.hits() as f64 / calls as f64 }
    }
}

/// One number that only grows.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    #[inline]
    pub(crate) fn up(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A number that each thread counts up on its own: no thread waits for another's cache line.
#[derive(Debug, Default)]
pub(crate) struct Hits {
    threads: Mutex<Threads>,
}

#[derive(Debug, Default)]
struct Threads {
    counters: Vec<Arc<AtomicU64>>,
    /// What threads that have ended had counted.
    former: u64,
}

impl Hits {
    /// A counter that only the calling thread writes to.
    pub(crate) fn of_this_thread(&self) -> Arc<AtomicU64> {
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        let Threads { counters, former } = &mut *threads;
        counters.retain(|counter| {
            let alive = Arc::strong_count(counter) > 1;
            if !alive {
                *former += counter.load(Ordering::Relaxed);
            }
            alive
        });
        let counter = Arc::default();
        counters.push(Arc::clone(&counter));
        counter
    }

    pub(crate) fn get(&self) -> u64 {
        let threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        threads.counters.iter().map(|counter| counter.load(Ordering::Relaxed)).sum::<u64>() + threads.former
    }
}

/// What an instance has done since its start.
///
/// # Examples
///
/// ```
/// let stats = larder::stats();
/// for (function, counts) in &stats.functions {
///     println!("{function}: {} hits, rate {:.2}", counts.hits(), counts.hit_rate());
/// }
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Stats {
    /// Per cached function, by its path.
    pub functions: BTreeMap<String, Counts>,
    /// Per entity or tag that a function shows or an invalidation named.
    pub entities: BTreeMap<String, Counts>,
    /// The Redis tier.
    pub redis: RedisStats,
    /// The leases that this instance asked for.
    pub leases: LeaseStats,
}

impl Stats {
    /// The sum over all functions.
    #[must_use]
    pub fn total(&self) -> Counts {
        let mut total = Counts::default();
        for counts in self.functions.values() {
            total.add(counts);
        }
        total
    }

    /// Hits per call over all functions; 0.0 when there was no call.
    #[must_use]
    pub fn hit_rate(&self) -> f64 {
        self.total().hit_rate()
    }

    pub(crate) fn add(&mut self, function: String, entity: &str, counts: &Counts) {
        self.functions.entry(function).or_default().add(counts);
        if !entity.is_empty() {
            self.entities.entry(entity.to_owned()).or_default().add(counts);
        }
    }
}

impl Serialize for Stats {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut stats = serializer.serialize_struct("Stats", 5)?;
        stats.serialize_field("functions", &self.functions)?;
        stats.serialize_field("entities", &self.entities)?;
        stats.serialize_field("redis", &self.redis)?;
        stats.serialize_field("leases", &self.leases)?;
        stats.serialize_field("hit_rate", &self.hit_rate())?;
        stats.end()
    }
}

/// The counters of leases.
#[derive(Debug, Default)]
pub(crate) struct LeaseCounters {
    pub(crate) elections: Counter,
    pub(crate) renewals: Counter,
    pub(crate) lost: Counter,
    pub(crate) followers: Counter,
}

impl LeaseCounters {
    pub(crate) fn stats(&self) -> LeaseStats {
        LeaseStats {
            elections: self.elections.get(),
            renewals: self.renewals.get(),
            lost: self.lost.get(),
            followers: self.followers.get(),
        }
    }
}

/// What became of the leases that an instance asked for.
///
/// # Examples
///
/// ```
/// # pollster::block_on(async {
/// let larder = larder::Larder::builder().build().await?;
/// let lease = larder.leader_gate("nightly").acquire().await?;
/// assert!(larder.leader_gate("nightly").acquire().await?.is_none());
/// let leases = larder.stats().leases;
/// assert_eq!((leases.elections, leases.followers, leases.lost), (1, 1, 0));
/// # drop(lease);
/// # Ok::<(), larder::Error>(()) }).unwrap();
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeaseStats {
    /// Leases that were granted.
    pub elections: u64,
    /// Renewals that were confirmed.
    pub renewals: u64,
    /// Leases that ended before they were let go: by their time, or because Redis did not have them any more.
    pub lost: u64,
    /// Attempts that ended with another as the holder, after their wait if they had one.
    pub followers: u64,
}

impl Serialize for LeaseStats {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut leases = serializer.serialize_struct("LeaseStats", 4)?;
        leases.serialize_field("elections", &self.elections)?;
        leases.serialize_field("renewals", &self.renewals)?;
        leases.serialize_field("lost", &self.lost)?;
        leases.serialize_field("followers", &self.followers)?;
        leases.end()
    }
}

/// The state of the Redis tier.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RedisStats {
    /// Whether Redis is configured at all.
    pub configured: bool,
    /// Whether the link is up: pushes arrive and calls are sent.
    pub connected: bool,
    /// How often the link came up.
    pub connects: u64,
    /// The circuit breaker.
    pub breaker: Breaker,
    /// Invalidations made here that Redis has not confirmed yet.
    pub pending_invalidations: u64,
    /// Calls to Redis that failed or timed out.
    pub failures: u64,
}

impl Serialize for RedisStats {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut redis = serializer.serialize_struct("RedisStats", 6)?;
        redis.serialize_field("configured", &self.configured)?;
        redis.serialize_field("connected", &self.connected)?;
        redis.serialize_field("connects", &self.connects)?;
        redis.serialize_field("breaker", self.breaker.as_str())?;
        redis.serialize_field("pending_invalidations", &self.pending_invalidations)?;
        redis.serialize_field("failures", &self.failures)?;
        redis.end()
    }
}

/// The state of the circuit breaker before Redis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Breaker {
    /// Calls are sent.
    #[default]
    Closed,
    /// Calls are not sent: too many failed.
    Open,
    /// One call is sent to see whether Redis is back.
    HalfOpen,
}

impl Breaker {
    /// The state that lets less through.
    #[cfg(any(feature = "redis", feature = "testkit"))]
    pub(crate) const fn worse(self, other: Self) -> Self {
        match (self, other) {
            (Self::Open, _) | (_, Self::Open) => Self::Open,
            (Self::HalfOpen, _) | (_, Self::HalfOpen) => Self::HalfOpen,
            (Self::Closed, Self::Closed) => Self::Closed,
        }
    }

    /// The state's name, as it is serialised.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half-open",
        }
    }
}
