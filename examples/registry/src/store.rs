//! The registry's database: its tables, its people, and a count of how often it is asked. It knows nothing of caches.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqliteSynchronous};
use sqlx::{Sqlite, Transaction};

use crate::error::Error;
use crate::members::Standing;

/// All six entities lie in one table: they share all columns but those in `spec`.
const SCHEMA: &str = "
    CREATE TABLE items (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL, name TEXT NOT NULL, description TEXT,
        owner TEXT NOT NULL, team TEXT, visibility TEXT NOT NULL, active INTEGER NOT NULL DEFAULT 1,
        gateway INTEGER REFERENCES items ON DELETE CASCADE,
        auth TEXT, spec TEXT NOT NULL,
        UNIQUE (owner, kind, name)
    ) STRICT;
    CREATE INDEX items_by_kind ON items (kind, id);
    CREATE INDEX items_by_gateway ON items (gateway);
    CREATE TABLE tags (
        item INTEGER NOT NULL REFERENCES items ON DELETE CASCADE, tag TEXT NOT NULL, PRIMARY KEY (item, tag)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE parts (
        server INTEGER NOT NULL REFERENCES items ON DELETE CASCADE,
        part INTEGER NOT NULL REFERENCES items ON DELETE CASCADE, PRIMARY KEY (server, part)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX parts_by_part ON parts (part);
    CREATE TABLE calls (
        tool INTEGER NOT NULL REFERENCES items ON DELETE CASCADE,
        at INTEGER NOT NULL DEFAULT (unixepoch()), millis INTEGER NOT NULL, failed INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX calls_by_time ON calls (at);
    CREATE TABLE people (name TEXT PRIMARY KEY, admin INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;
    CREATE TABLE members (
        person TEXT NOT NULL REFERENCES people, team TEXT NOT NULL, PRIMARY KEY (person, team)
    ) STRICT, WITHOUT ROWID;
";

/// The database; cloning gives the same one. Rows are shown by a [`Viewer`](crate::Viewer) alone.
#[derive(Clone, Debug)]
pub struct Db {
    pool: SqlitePool,
    asked: Arc<AtomicU64>,
}

impl Db {
    /// Makes the file and its tables, with one administrator and nothing else.
    ///
    /// # Errors
    ///
    /// Where the file cannot be made, or is a registry already.
    pub async fn create(file: &Path, admin: &str) -> Result<Self, Error> {
        let db = Self::connect(file, true).await?;
        sqlx::raw_sql(SCHEMA).execute(&db.pool).await?;
        sqlx::query("INSERT INTO people (name, admin) VALUES (?1, 1)").bind(admin).execute(&db.pool).await?;
        Ok(db)
    }

    /// Opens a file that another process made.
    ///
    /// # Errors
    ///
    /// Where there is none.
    pub async fn open(file: &Path) -> Result<Self, Error> {
        Self::connect(file, false).await
    }

    async fn connect(file: &Path, create: bool) -> Result<Self, Error> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(create)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(Duration::from_secs(10))
            .foreign_keys(true);
        Ok(Self { pool: SqlitePool::connect_with(options).await?, asked: Arc::default() })
    }

    /// How often this database was asked through this value and its clones: a cached answer does not count.
    pub fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }

    /// Closes every connection.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    pub(crate) async fn standing(&self, name: &str) -> Result<Option<Standing>, Error> {
        let mut db = self.read().await?;
        let admin = sqlx::query_scalar("SELECT admin FROM people WHERE name = ?1").bind(name);
        let Some(admin) = admin.fetch_optional(&mut *db).await? else { return Ok(None) };
        let teams = sqlx::query_scalar::<_, String>("SELECT team FROM members WHERE person = ?1").bind(name);
        Ok(Some(Standing { teams: teams.fetch_all(&mut *db).await?.into_iter().collect(), admin }))
    }

    pub(crate) async fn join(&self, name: &str, team: &str) -> Result<(), Error> {
        let mut db = self.write().await?;
        sqlx::query("INSERT OR IGNORE INTO people (name) VALUES (?1)").bind(name).execute(&mut *db).await?;
        let joined = sqlx::query("INSERT OR IGNORE INTO members (person, team) VALUES (?1, ?2)").bind(name).bind(team);
        joined.execute(&mut *db).await?;
        Ok(db.commit().await?)
    }

    pub(crate) async fn leave(&self, name: &str, team: &str) -> Result<(), Error> {
        let mut db = self.write().await?;
        let left = sqlx::query("DELETE FROM members WHERE person = ?1 AND team = ?2").bind(name).bind(team);
        left.execute(&mut *db).await?;
        Ok(db.commit().await?)
    }

    /// One state of the database, for all queries that are made with it.
    pub(crate) async fn read(&self) -> Result<Transaction<'static, Sqlite>, Error> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Ok(self.pool.begin().await?)
    }

    /// Takes the write lock at once: a transaction that read first could not wait for it.
    pub(crate) async fn write(&self) -> Result<Transaction<'static, Sqlite>, Error> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Ok(self.pool.begin_with("BEGIN IMMEDIATE").await?)
    }
}

/// What every query is made with.
pub(crate) type Connection = SqliteConnection;
