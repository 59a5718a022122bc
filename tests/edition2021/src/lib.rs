//! Functions of every macro, written in edition 2021, over `larder` by the name `renamed`.
//!
//! Each takes what counts its runs: `ran`.

extern crate renamed as larder;
pub mod types;

use renamed::{hexsha_cached, invalidates, leader, ttl_cached};

pub use types::{Config, Filter, Page, Repo, Shelf};

/// A sync function.
#[ttl_cached(entity = "edition2021", skip(ran), crate = ::renamed)]
pub fn ttl_sync(ran: fn(), id: u32) -> u32 {
    ran();
    id + 1
}

/// An async function with all that an attribute can say.
///
/// # Errors
///
/// What is no number.
#[ttl_cached(
    entity = "edition2021",
    ttl = "1h",
    key(text),
    tags("text:{text}", ("ret", ret)),
    when = !text.is_empty(),
    store_if = |number| *number != 7,
    capacity = 10,
    store = tiered,
    coherence = strict,
    crate = ::renamed
)]
pub async fn ttl_async(ran: fn(), text: &str) -> Result<u32, std::num::ParseIntError> {
    ran();
    let number = text.parse()?;
    Ok(number)
}

/// Generic, and keyed by derived keys.
#[ttl_cached(entity = "edition2021", skip(ran), store = memory, crate = ::renamed)]
pub async fn ttl_generic<T, const N: usize>(ran: fn(), filter: &Filter<T>, page: Page) -> [T; N]
where
    T: renamed::CacheKey + Copy + Send + Sync + 'static,
{
    let _ = page;
    ran();
    [filter.team; N]
}

/// A function of a revision.
#[hexsha_cached(skip(ran), crate = ::renamed)]
pub fn sha_sync(config: &Config, ran: fn(), id: u32) -> String {
    ran();
    format!("{}{id}", config.0)
}

/// An async function of a revision.
#[hexsha_cached(revision = config.0, key(id), crate = ::renamed)]
pub async fn sha_async(config: &Config, ran: fn(), id: u32) -> String {
    ran();
    format!("{}{id}", config.0)
}

/// A write.
#[invalidates("sync:{id}", crate = ::renamed)]
pub fn ends_sync(ran: fn(), id: u32) -> impl Iterator<Item = u32> {
    ran();
    std::iter::once(id)
}

/// An async write.
///
/// # Errors
///
/// None.
#[invalidates("async:{id}", ("ret", ret), on = always, crate = ::renamed)]
pub async fn ends_async(ran: fn(), id: u32) -> Result<u32, String> {
    ran();
    Ok(id)
}

/// A leader.
#[leader("sync:{id}", ttl = "1m", grace = "1m", crate = ::renamed)]
pub fn leads_sync(ran: fn(), id: u32) -> Option<u32> {
    ran();
    Some(id)
}

/// An async leader.
///
/// # Errors
///
/// When Redis is away.
#[leader(key = id, ttl = std::time::Duration::from_secs(60), grace = 60, on_unavailable = error, crate = ::renamed)]
pub async fn leads_async(ran: fn(), id: u32) -> Result<renamed::Leadership<u32>, renamed::Error> {
    ran();
    Ok(renamed::Leadership::Led(id))
}

/// A function whose expansion is told no name, and takes the runtime's own.
#[ttl_cached(entity = "edition2021", skip(ran))]
pub fn by_its_own_name(ran: fn(), id: u32) -> u32 {
    ran();
    id + 2
}
