//! The rows in SQLite; it knows nothing of caches, and counts how often it is asked.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool};
use sqlx::{Sqlite, Transaction};

use crate::defaults::Tenant;
use crate::error::Error;
use crate::jobs::Bootstrapped;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS tenants (name TEXT PRIMARY KEY) STRICT;
    CREATE TABLE IF NOT EXISTS settings (
        tenant TEXT NOT NULL REFERENCES tenants, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (tenant, name)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS hosts (
        host TEXT PRIMARY KEY, tenant TEXT NOT NULL REFERENCES tenants, until INTEGER
    ) STRICT;
    CREATE INDEX IF NOT EXISTS hosts_of ON hosts (tenant, host);
    CREATE TABLE IF NOT EXISTS runs (job TEXT NOT NULL, worker TEXT NOT NULL, token INTEGER NOT NULL) STRICT;
    CREATE INDEX IF NOT EXISTS runs_of ON runs (job, token);
";

/// The database; cloning gives the same one.
#[derive(Clone, Debug)]
pub(crate) struct Db {
    pool: SqlitePool,
    asked: Arc<AtomicU64>,
}

impl Db {
    /// Opens a file that all workers share, and makes it where there is none.
    pub(crate) async fn open(file: &Path) -> Result<Self, Error> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .busy_timeout(Duration::from_secs(30))
            .foreign_keys(true);
        Ok(Self { pool: SqlitePool::connect_with(options).await?, asked: Arc::default() })
    }

    /// How often a setting or a host was asked for.
    pub(crate) fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }

    fn count(&self) {
        self.asked.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) async fn ping(&self) -> Result<(), Error> {
        sqlx::query("SELECT 1").execute(&self.pool).await?;
        Ok(())
    }

    /// Makes tables and first rows, unless somebody did. One transaction: who comes too early waits for it, and nobody sees half.
    pub(crate) async fn bootstrap(
        &self,
        tenants: &BTreeMap<String, Tenant>,
        worker: &str,
        token: u64,
    ) -> Result<Bootstrapped, Error> {
        let mut tx = self.write().await?;
        let table = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'runs'";
        let prepared: i64 = sqlx::query_scalar(table).fetch_one(&mut *tx).await?;
        if prepared > 0 {
            return Ok(Bootstrapped::Before);
        }
        sqlx::raw_sql(SCHEMA).execute(&mut *tx).await?;
        for (name, tenant) in tenants {
            sqlx::query("INSERT INTO tenants VALUES (?1)").bind(name).execute(&mut *tx).await?;
            for host in &tenant.hosts {
                let insert = sqlx::query("INSERT INTO hosts VALUES (?1, ?2, NULL)").bind(host).bind(name);
                insert.execute(&mut *tx).await?;
            }
            for (setting, value) in &tenant.settings {
                let insert = sqlx::query("INSERT INTO settings VALUES (?1, ?2, ?3)").bind(name).bind(setting);
                insert.bind(value.to_string()).execute(&mut *tx).await?;
            }
        }
        run(&mut tx, "bootstrap", worker, token).await?;
        tx.commit().await?;
        Ok(Bootstrapped::Here)
    }

    /// Notes a sweep. `false`: a later leader has begun one.
    pub(crate) async fn begin_sweep(&self, worker: &str, token: u64) -> Result<bool, Error> {
        let mut tx = self.write().await?;
        let later =
            sqlx::query_scalar("SELECT COUNT(*) FROM runs WHERE job = 'sweep' AND token > ?1").bind(fence(token));
        let later: i64 = later.fetch_one(&mut *tx).await?;
        if later > 0 {
            return Ok(false);
        }
        run(&mut tx, "sweep", worker, token).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// The workers that ran a job, in order.
    pub(crate) async fn runs(&self, job: &str) -> Result<Vec<String>, Error> {
        let query = sqlx::query_scalar("SELECT worker FROM runs WHERE job = ?1 ORDER BY rowid").bind(job);
        Ok(query.fetch_all(&self.pool).await?)
    }

    /// Refuses a tenant that is not there.
    pub(crate) async fn require(&self, tenant: &str) -> Result<(), Error> {
        let query = sqlx::query_scalar("SELECT COUNT(*) FROM tenants WHERE name = ?1").bind(tenant);
        let known: i64 = query.fetch_one(&self.pool).await?;
        if known == 0 { Err(Error::NotFound(format!("no tenant is called `{tenant}`"))) } else { Ok(()) }
    }

    pub(crate) async fn setting(&self, tenant: &str, name: &str) -> Result<Option<Value>, Error> {
        self.count();
        let query = sqlx::query_scalar("SELECT value FROM settings WHERE tenant = ?1 AND name = ?2");
        let value: Option<String> = query.bind(tenant).bind(name).fetch_optional(&self.pool).await?;
        value.map(|value| json(&value)).transpose()
    }

    pub(crate) async fn settings(&self, tenant: &str) -> Result<BTreeMap<String, Value>, Error> {
        self.count();
        let query = sqlx::query_as("SELECT name, value FROM settings WHERE tenant = ?1").bind(tenant);
        let rows: Vec<(String, String)> = query.fetch_all(&self.pool).await?;
        rows.into_iter().map(|(name, value)| Ok((name, json(&value)?))).collect()
    }

    pub(crate) async fn set(&self, tenant: &str, name: &str, value: &Value) -> Result<(), Error> {
        self.require(tenant).await?;
        let text = "INSERT INTO settings VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET value = excluded.value";
        sqlx::query(text).bind(tenant).bind(name).bind(value.to_string()).execute(&self.pool).await?;
        Ok(())
    }

    pub(crate) async fn unset(&self, tenant: &str, name: &str) -> Result<(), Error> {
        let query = sqlx::query("DELETE FROM settings WHERE tenant = ?1 AND name = ?2").bind(tenant).bind(name);
        let done = query.execute(&self.pool).await?;
        if done.rows_affected() == 0 {
            return Err(Error::NotFound(format!("the tenant says nothing of `{name}`")));
        }
        Ok(())
    }

    pub(crate) async fn tenant_of(&self, host: &str) -> Result<Option<String>, Error> {
        self.count();
        let query = sqlx::query_scalar("SELECT tenant FROM hosts WHERE host = ?1").bind(host);
        Ok(query.fetch_optional(&self.pool).await?)
    }

    pub(crate) async fn hosts_of(&self, tenant: &str) -> Result<Vec<String>, Error> {
        self.count();
        let query = sqlx::query_scalar("SELECT host FROM hosts WHERE tenant = ?1 ORDER BY host").bind(tenant);
        Ok(query.fetch_all(&self.pool).await?)
    }

    /// Returns the tenant that had the host before.
    pub(crate) async fn give_host(
        &self,
        host: &str,
        tenant: &str,
        until: Option<SystemTime>,
    ) -> Result<Option<String>, Error> {
        self.require(tenant).await?;
        let mut tx = self.write().await?;
        let query = sqlx::query_scalar("SELECT tenant FROM hosts WHERE host = ?1").bind(host);
        let before: Option<String> = query.fetch_optional(&mut *tx).await?;
        let query = sqlx::query("INSERT OR REPLACE INTO hosts VALUES (?1, ?2, ?3)").bind(host).bind(tenant);
        query.bind(until.map(seconds)).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(before)
    }

    pub(crate) async fn take_host(&self, host: &str) -> Result<Option<String>, Error> {
        let query = sqlx::query_scalar("DELETE FROM hosts WHERE host = ?1 RETURNING tenant").bind(host);
        Ok(query.fetch_optional(&self.pool).await?)
    }

    /// The hosts whose time is over at `now`, each with its tenant.
    pub(crate) async fn overdue_hosts(&self, now: SystemTime) -> Result<Vec<(String, String)>, Error> {
        let query = sqlx::query_as("SELECT host, tenant FROM hosts WHERE until <= ?1").bind(seconds(now));
        Ok(query.fetch_all(&self.pool).await?)
    }

    /// Takes a host from this tenant, if its time is over at `now`.
    pub(crate) async fn take_host_if_overdue(&self, host: &str, tenant: &str, now: SystemTime) -> Result<bool, Error> {
        let query = sqlx::query("DELETE FROM hosts WHERE host = ?1 AND tenant = ?2 AND until <= ?3");
        let done = query.bind(host).bind(tenant).bind(seconds(now)).execute(&self.pool).await?;
        Ok(done.rows_affected() > 0)
    }

    /// A transaction that writes: it waits for its turn here, and not at its first write.
    async fn write(&self) -> Result<Transaction<'_, Sqlite>, Error> {
        Ok(self.pool.begin_with("BEGIN IMMEDIATE").await?)
    }
}

async fn run(tx: &mut Transaction<'_, Sqlite>, job: &str, worker: &str, token: u64) -> Result<(), Error> {
    let query = sqlx::query("INSERT INTO runs VALUES (?1, ?2, ?3)").bind(job).bind(worker).bind(fence(token));
    query.execute(&mut **tx).await?;
    Ok(())
}

/// A token as SQLite counts.
fn fence(token: u64) -> i64 {
    i64::try_from(token).unwrap_or(i64::MAX)
}

fn seconds(at: SystemTime) -> i64 {
    at.duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

fn json(text: &str) -> Result<Value, Error> {
    serde_json::from_str(text).map_err(|error| Error::Database(sqlx::Error::Decode(error.into())))
}
