//! What Redis says of names, read by the clocks of both sides.

use std::sync::atomic::Ordering;

use redis::Value;

use super::link::Link;
use crate::epoch::{Reading, Told};

impl Link {
    /// What the server's times mean here, now. Its clock is known but for the way there and back.
    pub(crate) fn reading(&self) -> Reading {
        let lag = u64::try_from(self.clock.lag().as_micros()).unwrap_or(u64::MAX);
        let unsure = self.round_trip.load(Ordering::Relaxed).saturating_add(lag);
        let known = self.server_ahead.load(Ordering::Relaxed) != 0;
        let there = known.then(|| self.server_now().saturating_sub(unsure));
        Reading { here: self.clock.coarse() + self.clock.lag(), there, settle: self.settle }
    }

    /// One epoch.
    pub(crate) fn told(&self, value: &Value) -> Option<Told> {
        match value {
            Value::BulkString(bytes) => self.reading().read(bytes),
            Value::SimpleString(text) => self.reading().read(text.as_bytes()),
            _ => None,
        }
    }

    /// Several.
    pub(crate) fn all_told(&self, value: Value) -> Vec<Option<Told>> {
        match value {
            Value::Array(values) => values.iter().map(|value| self.told(value)).collect(),
            value => vec![self.told(&value)],
        }
    }
}
