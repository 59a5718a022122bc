//! The settings of a tenant: what is cached, and which write ends it.
//!
//! A read goes through three tiers: the cache, the row of the tenant in SQLite, the default in YAML.

use std::collections::BTreeMap;
use std::sync::Arc;

use larder::{Revisioned, invalidates, ttl_cached};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::defaults::Defaults;
use crate::error::Error;
use crate::store::Db;

/// A setting, and who said it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Setting {
    pub(crate) value: Value,
    pub(crate) said_by: SaidBy,
}

/// The tier behind the cache that knew a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SaidBy {
    Tenant,
    Defaults,
}

// ---- reads ----

/// One setting; `None` where neither the tenant nor the defaults know it.
///
/// `db` cannot change the result. `defaults` can, and is a configuration: its revision stands in the key, so that workers
/// with another file share nothing.
#[ttl_cached(entity = "settings", ttl = "5m", skip(db, defaults), tags("settings:{tenant}"))]
pub(crate) async fn one(
    db: &Db,
    defaults: &Revisioned<Defaults>,
    tenant: &str,
    name: &str,
) -> Result<Option<Setting>, Error> {
    if let Some(value) = db.setting(tenant, name).await? {
        return Ok(Some(Setting { value, said_by: SaidBy::Tenant }));
    }
    let default = defaults.settings.get(name).cloned();
    Ok(default.map(|value| Setting { value, said_by: SaidBy::Defaults }))
}

/// All settings of a tenant, each with who said it.
#[ttl_cached(entity = "settings", ttl = "5m", skip(db, defaults), tags("settings:{tenant}"))]
pub(crate) async fn all(
    db: &Db,
    defaults: &Revisioned<Defaults>,
    tenant: &str,
) -> Result<Arc<BTreeMap<String, Setting>>, Error> {
    let said_by = |said_by| move |(name, value)| (name, Setting { value, said_by });
    let mut settings: BTreeMap<String, Setting> =
        defaults.settings.clone().into_iter().map(said_by(SaidBy::Defaults)).collect();
    settings.extend(db.settings(tenant).await?.into_iter().map(said_by(SaidBy::Tenant)));
    Ok(Arc::new(settings))
}

// ---- writes: others store nothing while one runs, so that a worker that dies behind its commit leaves nothing stale ----

/// Says a setting for a tenant, above the default.
#[invalidates("settings:{tenant}", phase = around)]
pub(crate) async fn set(db: &Db, tenant: &str, name: &str, value: &Value) -> Result<(), Error> {
    db.set(tenant, name, value).await
}

/// Takes back what a tenant said: the default holds again.
#[invalidates("settings:{tenant}", phase = around)]
pub(crate) async fn unset(db: &Db, tenant: &str, name: &str) -> Result<(), Error> {
    db.unset(tenant, name).await
}
