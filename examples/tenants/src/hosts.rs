//! Which host belongs to which tenant, looked up both ways.

use std::sync::Arc;
use std::time::SystemTime;

use larder::{invalidates, ttl_cached};

use crate::error::Error;
use crate::store::Db;

// ---- reads ----

/// The tenant of a host. `None` is an answer like any other: hosts that nobody knows cost one query.
#[ttl_cached(entity = "hosts", ttl = "5m", skip(db), tags("host:{host}"))]
pub(crate) async fn tenant_of(db: &Db, host: &str) -> Result<Option<Arc<str>>, Error> {
    Ok(db.tenant_of(host).await?.map(Arc::from))
}

/// The hosts of a tenant, in their order.
#[ttl_cached(entity = "hosts", ttl = "5m", skip(db), tags("hosts-of:{tenant}"))]
pub(crate) async fn of(db: &Db, tenant: &str) -> Result<Arc<Vec<String>>, Error> {
    Ok(Arc::new(db.hosts_of(tenant).await?))
}

// ---- writes ----

/// Gives a host to a tenant, for good or `until` a time. Returns the tenant that had it before, or the same: the lists of
/// both end.
#[invalidates("host:{host}", "hosts-of:{tenant}", ("hosts-of", ret))]
pub(crate) async fn give(db: &Db, host: &str, tenant: &str, until: Option<SystemTime>) -> Result<String, Error> {
    let before = db.give_host(host, tenant, until).await?;
    Ok(before.unwrap_or_else(|| tenant.to_owned()))
}

/// Takes a host from the tenant that has it, and returns that.
#[invalidates("host:{host}", ("hosts-of", ret))]
pub(crate) async fn take(db: &Db, host: &str) -> Result<String, Error> {
    db.take_host(host).await?.ok_or_else(|| Error::NotFound(format!("nobody has the host `{host}`")))
}

/// Takes all hosts whose time is over; returns how many they were.
pub(crate) async fn take_overdue(db: &Db) -> Result<u64, Error> {
    let now = SystemTime::now();
    let mut taken = 0;
    for (host, tenant) in db.overdue_hosts(now).await? {
        taken += u64::from(take_if_overdue(db, &host, &tenant, now).await?);
    }
    Ok(taken)
}

/// `around`: whoever sweeps may lose the lease at any moment, and is dropped then, also behind the commit.
#[invalidates("host:{host}", "hosts-of:{tenant}", phase = around, max_txn = "5s")]
async fn take_if_overdue(db: &Db, host: &str, tenant: &str, now: SystemTime) -> Result<bool, Error> {
    db.take_host_if_overdue(host, tenant, now).await
}
