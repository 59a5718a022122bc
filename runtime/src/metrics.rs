//! Statistics on the `metrics` facade: taken from the counters when they are asked for, so that no call pays for them.

use std::collections::{BTreeMap, BTreeSet};

use metrics::{Unit, counter, describe_counter, describe_gauge, gauge};

use crate::instance::Larder;
use crate::stats::{Breaker, Counts, LeaseStats, Stats};

impl Larder {
    /// Hands the statistics to the recorder of the `metrics` facade: to be called before each scrape, or every few seconds.
    ///
    /// | name | kind | labels besides `namespace` |
    /// |---|---|---|
    /// | `larder_hits_total` | counter | `entity`, `function`, `tier` (`memory`, `redis`) |
    /// | `larder_misses_total`, `larder_joins_total`, `larder_stale_total`, `larder_stores_total`, `larder_errors_total` | counter | `entity`, `function` |
    /// | `larder_entries` | gauge | `entity`, `function` |
    /// | `larder_invalidations_total` | counter | `entity`; empty for tags and all that no function shows |
    /// | `larder_lease_elections_total`, `larder_lease_renewals_total`, `larder_lease_lost_total`, `larder_lease_followers_total` | counter | |
    /// | `larder_redis_connected`, `larder_redis_pending_invalidations` | gauge | |
    /// | `larder_redis_breaker` | gauge, 1 for the state in force | `state` (`closed`, `half-open`, `open`) |
    /// | `larder_redis_connects_total`, `larder_redis_failures_total` | counter | |
    ///
    /// They mean what [`Counts`](crate::Counts), [`LeaseStats`](crate::LeaseStats) and [`RedisStats`](crate::RedisStats) say, and count from the start of the
    /// process. A label is the name of a function, or an entity that a function shows: never an argument and never a tag, so
    /// there are as many series as the program has functions. Those of Redis are there where it is configured. Instances of
    /// one process have namespaces of their own, or they share their series.
    ///
    /// # Examples
    ///
    /// ```
    /// # pollster::block_on(async {
    /// let larder = larder::Larder::builder().namespace("mcpgw").build().await?;
    /// larder.describe_metrics();                       // once: what each name means
    /// larder.publish_metrics();                        // in the handler of `/metrics`, then: `prometheus.render()`
    /// # Ok::<(), larder::Error>(()) }).unwrap();
    /// ```
    #[cfg_attr(docsrs, doc(cfg(feature = "metrics")))]
    pub fn publish_metrics(&self) {
        let stats = self.stats();
        let shown = self.counts_by_function();
        let entities: BTreeSet<&str> = shown.iter().map(|((_, entity), _)| *entity).collect();
        for ((function, entity), counts) in &shown {
            publish_function(self.namespace(), function, entity, counts);
        }
        publish_invalidations(self.namespace(), &entities, &stats);
        publish_leases(self.namespace(), stats.leases);
        if stats.redis.configured {
            publish_redis(self.namespace(), &stats);
        }
    }

    /// Tells the recorder what each name of [`publish_metrics`](Self::publish_metrics) means.
    ///
    /// # Examples
    ///
    /// ```
    /// # pollster::block_on(async {
    /// larder::Larder::builder().build().await?.describe_metrics();
    /// # Ok::<(), larder::Error>(()) }).unwrap();
    /// ```
    #[cfg_attr(docsrs, doc(cfg(feature = "metrics")))]
    pub fn describe_metrics(&self) {
        for (name, meaning) in [
            (HITS, "Calls answered from memory or from Redis"),
            (MISSES, "Calls that ran the body"),
            (JOINS, "Calls that shared another caller's run"),
            (STALE, "Calls answered with a value past its life"),
            (STORES, "Values stored"),
            (ERRORS, "Failures: of bodies, of Redis, of bytes that could not be read"),
            (INVALIDATIONS, "Invalidations made here"),
            (ELECTIONS, "Leases that were granted"),
            (RENEWALS, "Renewals of leases that were confirmed"),
            (LOST, "Leases that ended before they were let go"),
            (FOLLOWERS, "Attempts that ended with another as the holder"),
            (CONNECTS, "How often the link to Redis came up"),
            (FAILURES, "Calls to Redis that failed or timed out"),
        ] {
            describe_counter!(name, Unit::Count, meaning);
        }
        for (name, meaning) in [
            (ENTRIES, "Values now in memory"),
            (CONNECTED, "Whether the link to Redis is up"),
            (BREAKER, "The state of the circuit breaker before Redis"),
            (PENDING, "Invalidations made here that Redis has not confirmed"),
        ] {
            describe_gauge!(name, Unit::Count, meaning);
        }
    }
}

const HITS: &str = "larder_hits_total";
const MISSES: &str = "larder_misses_total";
const JOINS: &str = "larder_joins_total";
const STALE: &str = "larder_stale_total";
const STORES: &str = "larder_stores_total";
const ERRORS: &str = "larder_errors_total";
const ENTRIES: &str = "larder_entries";
const INVALIDATIONS: &str = "larder_invalidations_total";
const ELECTIONS: &str = "larder_lease_elections_total";
const RENEWALS: &str = "larder_lease_renewals_total";
const LOST: &str = "larder_lease_lost_total";
const FOLLOWERS: &str = "larder_lease_followers_total";
const CONNECTED: &str = "larder_redis_connected";
const BREAKER: &str = "larder_redis_breaker";
const PENDING: &str = "larder_redis_pending_invalidations";
const CONNECTS: &str = "larder_redis_connects_total";
const FAILURES: &str = "larder_redis_failures_total";

fn publish_function(namespace: &str, function: &str, entity: &'static str, counts: &Counts) {
    let labels =
        [("namespace", namespace.to_owned()), ("entity", entity.to_owned()), ("function", function.to_owned())];
    for (tier, hits) in [("memory", counts.hits_memory), ("redis", counts.hits_redis)] {
        let [namespace, entity, function] = labels.clone();
        counter!(HITS, &[namespace, entity, function, ("tier", tier.to_owned())]).absolute(hits);
    }
    for (name, count) in [
        (MISSES, counts.misses),
        (JOINS, counts.joins),
        (STALE, counts.stale),
        (STORES, counts.stores),
        (ERRORS, counts.errors),
    ] {
        counter!(name, &labels).absolute(count);
    }
    gauge!(ENTRIES, &labels).set(of(counts.entries));
}

/// By entity; those of names that were made of arguments together.
fn publish_invalidations(namespace: &str, entities: &BTreeSet<&str>, stats: &Stats) {
    let mut by_entity: BTreeMap<&str, u64> = entities.iter().map(|entity| (*entity, 0)).collect();
    for (name, counts) in &stats.entities {
        let label = entities.get(name.as_str()).copied().unwrap_or_default();
        *by_entity.entry(label).or_default() += counts.invalidations;
    }
    for (entity, count) in by_entity {
        let labels = [("namespace", namespace.to_owned()), ("entity", entity.to_owned())];
        counter!(INVALIDATIONS, &labels).absolute(count);
    }
}

fn publish_leases(namespace: &str, leases: LeaseStats) {
    let labels = [("namespace", namespace.to_owned())];
    for (name, count) in
        [(ELECTIONS, leases.elections), (RENEWALS, leases.renewals), (LOST, leases.lost), (FOLLOWERS, leases.followers)]
    {
        counter!(name, &labels).absolute(count);
    }
}

fn publish_redis(namespace: &str, stats: &Stats) {
    let redis = &stats.redis;
    let labels = [("namespace", namespace.to_owned())];
    gauge!(CONNECTED, &labels).set(of(u64::from(redis.connected)));
    gauge!(PENDING, &labels).set(of(redis.pending_invalidations));
    counter!(CONNECTS, &labels).absolute(redis.connects);
    counter!(FAILURES, &labels).absolute(redis.failures);
    for state in [Breaker::Closed, Breaker::HalfOpen, Breaker::Open] {
        let [namespace] = labels.clone();
        let is_in_force = u64::from(redis.breaker == state);
        gauge!(BREAKER, &[namespace, ("state", state.as_str().to_owned())]).set(of(is_in_force));
    }
}

#[allow(clippy::cast_precision_loss, reason = "a gauge is no other number")]
const fn of(count: u64) -> f64 {
    count as f64
}
