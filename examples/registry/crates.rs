//! The registry's operations: what is cached, for how long, and which write ends it.

use std::sync::Arc;

use larder::{invalidates, ttl_cached};

use crate::error::Error;
use crate::model::{Change, Crate, Filter, Page, Statistics};
use crate::store::Db;

// ---- reads: the body runs on a miss; every other call is answered from memory or from Redis ----

/// One page of the crates that a filter asks for.
///
/// Each filter has its own entry. Only first pages are cached: few people turn the page.
#[ttl_cached(entity = "crates", ttl = "20s", skip(db), when = filter.cursor.is_none())]
pub(crate) async fn list(db: &Db, filter: &Filter) -> Result<Arc<Page>, Error> {
    filter.check()?;
    Ok(Arc::new(db.page(filter).await?))
}

/// One crate with its dependencies and features.
///
/// Its tag is finer than its entity: a write ends this crate's entry, and leaves those of all others. `None` is an
/// answer like any other, so names that do not exist cost one query, too.
#[ttl_cached(entity = "crate-details", ttl = "60s", skip(db), tags("crate:{name}"))]
pub(crate) async fn get(db: &Db, name: &str) -> Result<Option<Arc<Crate>>, Error> {
    Ok(db.details(name).await?.map(Arc::new))
}

/// The registry as a whole: the one query here that is truly slow.
#[ttl_cached(entity = "statistics", ttl = "60s", skip(db))]
pub(crate) async fn statistics(db: &Db) -> Result<Arc<Statistics>, Error> {
    Ok(Arc::new(db.statistics().await?))
}

// ---- writes: the body always runs; when it returns `Ok`, what it made untrue ends in every process ----

/// Adds a crate; a cached "no such crate" ends with it.
#[invalidates("crates", "statistics", "crate:{new.name}")]
pub(crate) async fn create(db: &Db, new: &Crate) -> Result<(), Error> {
    new.check()?;
    db.insert(new).await
}

/// Changes a crate, and returns it as it is now.
#[invalidates("crates", "statistics", "crate:{name}")]
pub(crate) async fn update(db: &Db, name: &str, change: &Change) -> Result<Crate, Error> {
    change.check()?;
    db.update(name, change).await
}

/// Removes a crate.
#[invalidates("crates", "statistics", "crate:{name}")]
pub(crate) async fn delete(db: &Db, name: &str) -> Result<(), Error> {
    db.delete(name).await
}
