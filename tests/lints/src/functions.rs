//! Free functions.

use std::sync::Arc;
use std::time::Duration;

use larder::{CacheKey, HexSha, hexsha_cached, ttl_cached};
use serde::{Deserialize, Serialize};

use crate::{Filter, Page};

/// What is read.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Tool {
    /// Its number.
    pub id: u64,
    /// Whose.
    pub team: String,
}

/// Why it cannot be read.
#[derive(Debug)]
pub struct Error;

/// A revision.
#[derive(Debug)]
pub struct Config {
    /// Its commit.
    pub commit: String,
}

impl HexSha for Config {
    fn hexsha(&self) -> &str {
        &self.commit
    }
}

/// Async, with a `Result`.
///
/// # Errors
///
/// When the filter asks for nothing.
#[ttl_cached(entity = "tools", ttl = "20s")]
pub async fn list(filter: &Filter, page: &Page) -> Result<Arc<Vec<Tool>>, Error> {
    if filter.limit == 0 {
        return Err(Error);
    }
    let id = match page {
        Page::First => 0,
        Page::After(id, _) => *id,
        Page::Between { low, high } => u64::from(low + high),
    };
    let found = read(id).await?;
    Ok(Arc::new(vec![found]))
}

/// Sync.
#[must_use]
#[ttl_cached(entity = "squares")]
pub fn square(n: u64) -> u64 {
    n.wrapping_mul(n)
}

/// Finer names.
///
/// # Errors
///
/// Never.
#[ttl_cached(entity = "tools", ttl = life, key(id), tags("tool:{id}", ("team", ret.team, id)))]
pub async fn finer(id: u64, life: Duration) -> Result<Tool, Error> {
    read(id).await
}

/// Every argument.
///
/// # Errors
///
/// Never.
#[ttl_cached(
    entity = "tools",
    ttl = "20s",
    skip(_trace),
    tags("tool:{id}:{ret.team}"),
    when = cursor.is_none(),
    store_if = |tool| tool.id > 0,
    capacity = 500,
    store = redis,
    jitter = 0.2,
    coherence = strict,
    single_flight = off,
    version = 3,
    crate = ::larder
)]
pub async fn tool(_trace: &str, (id, cursor): (u64, Option<u32>)) -> Result<Tool, Error> {
    read(id + u64::from(cursor.unwrap_or_default())).await
}

/// Other words of the same arguments.
#[ttl_cached(entity = "tools", coherence = ttl, capacity = CAPACITY, version = SCHEMA)]
pub async fn reread(id: u64) -> Option<Tool> {
    read(id).await.ok()
}

const CAPACITY: usize = 100;
const SCHEMA: u32 = 2;

/// Generic, in memory.
#[ttl_cached(entity = "rows", store = memory, single_flight = off)]
pub async fn generic<T: CacheKey + Sync + Send, const N: usize>(
    rows: &[T; N],
    id: impl Into<u64> + CacheKey + Send + Sync,
) -> usize {
    let (count, id) = (rows.len(), id.into());
    read(id).await.map_or(0, |_| count)
}

/// A revision.
#[hexsha_cached]
pub async fn issuer(config: &Config, host: &str) -> Arc<str> {
    let id = read(1).await.map_or(0, |tool| tool.id);
    format!("https://{host}/{}/{id}", config.commit).into()
}

/// A revision alone.
#[must_use]
#[hexsha_cached]
pub fn configured(config: &Config) -> Arc<str> {
    config.commit.as_str().into()
}

/// Every argument of a revision cache.
#[must_use]
#[hexsha_cached(
    revision = config.hexsha(),
    skip(_trace),
    key(host),
    keep = 3,
    capacity = 1024,
    when = host.is_some(),
    store_if = |page: &String| !page.is_empty(),
    store = tiered
)]
pub fn page(config: &Config, _trace: &str, host: Option<&str>) -> String {
    format!("{}/{}", host.unwrap_or_default(), config.commit)
}

async fn read(id: u64) -> Result<Tool, Error> {
    std::future::ready(Ok(Tool { id, team: String::from("blue") })).await
}

/// One expression, in braces that are no lint's concern.
#[ttl_cached(entity = "answers")]
pub async fn answer() -> u32 {
    42
}

/// The same, sync.
#[ttl_cached(entity = "answers")]
#[must_use]
pub fn question() -> u32 {
    6 * 9
}
