//! What Redis says of names, read by the clocks of both sides.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use redis::Value;

use super::exchange::Replies;
use super::link::Link;
use crate::epoch::{Reading, Single, Told};
use crate::remote::Refusal;

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

    /// What the replies to `scripts::read` say of each name that was wanted. What is of another type is no epoch.
    pub(crate) fn answers(&self, wanted: &[Arc<str>], replies: Replies) -> Result<Vec<Option<Told>>, Refusal> {
        let is_single = |name: &Arc<str>| Single::of(name).is_some();
        let behind = wanted.iter().filter(|name| is_single(name)).count();
        let before = replies.len().checked_sub(behind).ok_or(Refusal::Unknown)?;
        let (mut others, mut singles) = (Vec::with_capacity(wanted.len()), Vec::with_capacity(behind));
        for (at, reply) in replies.into_iter().enumerate() {
            match reply {
                Ok(value) if at >= before => singles.push(self.told_of_single(&value)),
                Ok(Value::Array(values)) => others.extend(values.iter().map(|value| self.told(value))),
                Ok(value) => others.push(self.told(&value)),
                Err(code) if code != "WRONGTYPE" => return Err(Refusal::Failed(code)),
                Err(_) if at >= before => singles.push(None),
                Err(_) => others.push(None),
            }
        }
        if others.len() + singles.len() != wanted.len() {
            return Err(Refusal::Unknown);
        }
        let (mut others, mut singles) = (others.into_iter(), singles.into_iter());
        let next = |name| if is_single(name) { singles.next() } else { others.next() };
        Ok(wanted.iter().map(next).map(Option::flatten).collect())
    }
}
