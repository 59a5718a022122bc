//! Whether an instance does what it is configured to do, asked now.

use std::time::Duration;

use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::Larder;
use crate::stats::RedisStats;

/// How an instance is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// The verdict.
    pub status: Status,
    /// The Redis tier.
    pub redis: RedisStats,
    /// How long Redis took to answer just now; `None` when it did not, or when none is configured.
    pub round_trip: Option<Duration>,
    /// Why there is no link to Redis and what to do, without passwords; `None` while there is one, or when none is
    /// configured.
    pub fault: Option<String>,
}

/// The verdict of [`Health`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Status {
    /// Everything configured works.
    Up,
    /// Redis is configured and away: functions answer, by this process alone.
    Degraded,
}

impl Health {
    /// Whether everything configured works.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.status == Status::Up
    }
}

impl Serialize for Health {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut health = serializer.serialize_struct("Health", 4)?;
        health.serialize_field("status", if self.is_up() { "up" } else { "degraded" })?;
        health.serialize_field("redis", &self.redis)?;
        let micros = self.round_trip.map(|span| u64::try_from(span.as_micros()).unwrap_or(u64::MAX));
        health.serialize_field("round_trip_us", &micros)?;
        health.serialize_field("fault", &self.fault)?;
        health.end()
    }
}

impl Larder {
    /// Asks every tier whether it answers. Takes at most the operation timeout.
    ///
    /// # Examples
    ///
    /// ```
    /// # pollster::block_on(async {
    /// assert!(larder::health().await.is_up());
    /// # });
    /// ```
    pub async fn health(&self) -> Health {
        let round_trip = match self.remote() {
            Some(remote) => remote.ping().await.ok(),
            None => None,
        };
        let status = if self.remote().is_none() || round_trip.is_some() { Status::Up } else { Status::Degraded };
        let fault = self.remote().and_then(|remote| remote.fault());
        Health { status, redis: self.stats().redis, round_trip, fault }
    }
}
