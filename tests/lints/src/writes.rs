//! Writes, and leaders.

use std::time::Duration;

use larder::{Leadership, invalidates, leader};

use crate::{Error, Tool};

/// Async, with late names.
///
/// # Errors
///
/// When there is no such tool.
#[invalidates("tools", "tool:{id}", "team:{ret.team}:{id}", ("owner", ret.id + 1), on = always)]
pub async fn rename(id: u64, team: &str) -> Result<Tool, Error> {
    std::future::ready(Ok(Tool { id, team: team.to_owned() })).await
}

/// Sync.
#[invalidates("tools", "tool:{id}")]
pub fn remove(tools: &mut Vec<u64>, id: u64) -> Option<u64> {
    let place = tools.iter().position(|tool| *tool == id)?;
    Some(tools.swap_remove(place))
}

/// Opaque.
///
/// # Errors
///
/// Never.
#[invalidates("tools")]
pub fn restock(count: u64) -> Result<impl Iterator<Item = u64> + use<>, Error> {
    Ok(0..count)
}

/// A leader that returns nothing.
#[leader("nightly", ttl = "300s", grace = "10s")]
pub async fn nightly() {
    std::future::ready(()).await;
}

/// What goes wrong in the night.
#[derive(Debug)]
pub struct Nightly;

impl From<larder::Error> for Nightly {
    fn from(_: larder::Error) -> Self {
        Self
    }
}

/// A leader with every argument.
///
/// # Errors
///
/// When nobody can say who leads.
#[leader(key = ("report", id), ttl = life, grace = "1s", renew = true, on_err = grace, on_unavailable = error, mode = wait(life), min_replicas = 1)]
pub fn report(id: u64, life: Duration) -> Result<Leadership<u64>, Nightly> {
    u64::try_from(life.as_millis()).map(|millis| Leadership::Led(millis + id)).map_err(|_| Nightly)
}
