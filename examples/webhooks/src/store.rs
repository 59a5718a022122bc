//! Webhooks, values, events and receipts in SQLite; it knows nothing of caches, and counts what it is asked for.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use larder::Receipt;
use serde_json::Value;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqliteSynchronous};
use sqlx::types::Json;
use sqlx::{Sqlite, Transaction};

use crate::error::Error;
use crate::events::Event;
use crate::secret::Secret;
use crate::webhooks::Webhook;

/// A header speaks of its value by name, and not by a foreign key: a value may be away for a time.
const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS webhooks (id TEXT PRIMARY KEY, url TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS headers (
        webhook TEXT NOT NULL REFERENCES webhooks ON DELETE CASCADE,
        header TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (webhook, header)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS secrets (name TEXT PRIMARY KEY, clear TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS receipts (name TEXT PRIMARY KEY, receipt TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS events (
        id INTEGER PRIMARY KEY AUTOINCREMENT, webhook TEXT NOT NULL, payload TEXT NOT NULL, receipts TEXT NOT NULL
    ) STRICT;
";

/// The database; cloning gives the same one.
#[derive(Clone, Debug)]
pub struct Db {
    pool: SqlitePool,
    asked: Arc<Mutex<BTreeMap<String, u64>>>,
}

impl Db {
    /// Opens a file, and makes what is missing of it.
    ///
    /// # Errors
    ///
    /// Where that cannot be done.
    pub async fn open(file: &Path) -> Result<Self, Error> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(Duration::from_secs(10))
            .foreign_keys(true);
        let pool = SqlitePool::connect_with(options).await?;
        sqlx::raw_sql(SCHEMA).execute(&pool).await?;
        Ok(Self { pool, asked: Arc::default() })
    }

    /// Closes every connection.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// How often this webhook or value was read here: `webhook:billing`, `value:token`.
    pub fn asked(&self, name: &str) -> u64 {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).get(name).copied().unwrap_or_default()
    }

    /// How often anything was read here, the list of webhooks included.
    pub(crate) fn asked_in_all(&self) -> u64 {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).values().sum()
    }

    fn count(&self, name: String) {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner).entry(name).or_default() += 1;
    }

    pub(crate) async fn webhook(&self, id: &str) -> Result<Option<Webhook>, Error> {
        self.count(format!("webhook:{id}"));
        // One transaction: both queries see one state of the database.
        let mut db = self.pool.begin().await?;
        let url = sqlx::query_scalar("SELECT url FROM webhooks WHERE id = ?1").bind(id);
        let Some(url) = url.fetch_optional(&mut *db).await? else { return Ok(None) };
        let headers = sqlx::query_as("SELECT header, value FROM headers WHERE webhook = ?1").bind(id);
        Ok(Some(Webhook { url, headers: headers.fetch_all(&mut *db).await?.into_iter().collect() }))
    }

    pub(crate) async fn webhooks(&self) -> Result<Vec<String>, Error> {
        self.count("webhooks".to_owned());
        Ok(sqlx::query_scalar("SELECT id FROM webhooks ORDER BY id").fetch_all(&self.pool).await?)
    }

    pub(crate) async fn save_webhook(&self, id: &str, webhook: &Webhook) -> Result<(), Error> {
        let mut db = self.write().await?;
        sqlx::query("DELETE FROM webhooks WHERE id = ?1").bind(id).execute(&mut *db).await?;
        let saved = sqlx::query("INSERT INTO webhooks (id, url) VALUES (?1, ?2)").bind(id).bind(&webhook.url);
        saved.execute(&mut *db).await?;
        for (header, value) in &webhook.headers {
            let sent = sqlx::query("INSERT INTO headers (webhook, header, value) VALUES (?1, ?2, ?3)");
            sent.bind(id).bind(header).bind(value).execute(&mut *db).await?;
        }
        Ok(db.commit().await?)
    }

    pub(crate) async fn delete_webhook(&self, id: &str) -> Result<(), Error> {
        let deleted = sqlx::query("DELETE FROM webhooks WHERE id = ?1").bind(id).execute(&self.pool).await?;
        if deleted.rows_affected() == 0 { Err(Error::NotFound) } else { Ok(()) }
    }

    pub(crate) async fn value(&self, name: &str) -> Result<Option<Secret>, Error> {
        self.count(format!("value:{name}"));
        let clear = sqlx::query_scalar::<_, String>("SELECT clear FROM secrets WHERE name = ?1").bind(name);
        Ok(clear.fetch_optional(&self.pool).await?.map(Secret::new))
    }

    pub(crate) async fn set_value(&self, name: &str, secret: &Secret) -> Result<(), Error> {
        let set = sqlx::query("INSERT OR REPLACE INTO secrets (name, clear) VALUES (?1, ?2)");
        set.bind(name).bind(secret.expose()).execute(&self.pool).await?;
        Ok(())
    }

    pub(crate) async fn remove_value(&self, name: &str) -> Result<(), Error> {
        let removed = sqlx::query("DELETE FROM secrets WHERE name = ?1").bind(name).execute(&self.pool).await?;
        if removed.rows_affected() == 0 { Err(Error::NotFound) } else { Ok(()) }
    }

    /// Keeps the receipt of a name's last end. One that Redis had not confirmed ends the name anew with each event, until the
    /// next change: that is slower, and right.
    pub(crate) async fn keep_receipt(&self, name: &str, receipt: &Receipt) -> Result<(), Error> {
        if !larder::stats().redis.configured {
            // No other process shares anything with this one, and this one knows.
            return Ok(());
        }
        let kept = sqlx::query("INSERT OR REPLACE INTO receipts (name, receipt) VALUES (?1, ?2)");
        kept.bind(name).bind(Json(receipt)).execute(&self.pool).await?;
        Ok(())
    }

    /// One statement: the receipts are those of all that was changed before the event.
    pub(crate) async fn enqueue(&self, webhook: &str, payload: &Value) -> Result<i64, Error> {
        let id = sqlx::query_scalar(
            "INSERT INTO events (webhook, payload, receipts)
             SELECT id, ?2, (
                 SELECT json_group_array(json(receipt)) FROM receipts
                 WHERE name = 'webhook:' || id
                    OR name IN (SELECT 'value:' || value FROM headers WHERE webhook = id))
             FROM webhooks WHERE id = ?1
             RETURNING id",
        );
        id.bind(webhook).bind(Json(payload)).fetch_optional(&self.pool).await?.ok_or(Error::NotFound)
    }

    /// Takes the oldest event: whoever takes it, nobody else does.
    pub(crate) async fn take(&self) -> Result<Option<Event>, Error> {
        let taken = sqlx::query_as::<_, (i64, String, Json<Value>, Json<Vec<Receipt>>)>(
            "DELETE FROM events WHERE id = (SELECT MIN(id) FROM events) RETURNING id, webhook, payload, receipts",
        );
        let taken = taken.fetch_optional(&self.pool).await?;
        Ok(taken.map(|(id, webhook, Json(payload), Json(receipts))| Event { id, webhook, payload, receipts }))
    }

    /// Takes the write lock at once: a transaction that read first could not wait for it.
    async fn write(&self) -> Result<Transaction<'static, Sqlite>, Error> {
        Ok(self.pool.begin_with("BEGIN IMMEDIATE").await?)
    }
}
