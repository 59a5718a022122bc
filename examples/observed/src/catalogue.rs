//! What is cached: tools, read from a source that takes its time.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use larder::{invalidates, ttl_cached};
use serde::Serialize;

/// One tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Tool {
    /// Its number.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub team: String,
}

/// The tools of a team.
#[ttl_cached(entity = "tools", ttl = "20s")]
pub async fn tools(team: &str) -> Vec<Tool> {
    read().await.into_iter().filter(|tool| tool.team == team).collect()
}

/// One tool; one that is not there is asked for again after a second.
#[ttl_cached(entity = "tool", ttl = "1m", none_ttl = "1s", tags("tool:{id}"))]
pub async fn tool(id: u32) -> Option<Tool> {
    read().await.into_iter().find(|tool| tool.id == id)
}

/// Gives a tool another name: ends the lists, and what shows this tool.
#[invalidates("tools", "tool:{id}")]
pub async fn rename(id: u32, name: &str) {
    NAMES.lock().unwrap_or_else(PoisonError::into_inner).insert(id, name.to_owned());
}

static NAMES: Mutex<BTreeMap<u32, String>> = Mutex::new(BTreeMap::new());

/// In place of a database: forty rows, in the time that a query takes.
async fn read() -> Vec<Tool> {
    tokio::time::sleep(Duration::from_millis(5)).await;
    let names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    let name = |id| names.get(&id).cloned().unwrap_or_else(|| format!("tool {id}"));
    let team = |id| ["blue", "green", "red"][id as usize % 3].to_owned();
    (1..=40).map(|id| Tool { id, name: name(id), team: team(id) }).collect()
}
