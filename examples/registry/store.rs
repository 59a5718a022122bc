//! The registry's rows in SQLite; it knows nothing of caches, and counts how often it is asked.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqliteRow};
use sqlx::{Row, Sqlite, Transaction};

use crate::error::Error;
use crate::model::{Change, Crate, Dependency, Filter, Kind, Page, Statistics, Summary, Tally, licenses};

const SCHEMA: &str = "
    CREATE TABLE crates (
        name TEXT PRIMARY KEY, version TEXT NOT NULL, license TEXT, description TEXT
    ) STRICT;
    CREATE TABLE dependencies (
        crate TEXT NOT NULL REFERENCES crates ON DELETE CASCADE,
        name TEXT NOT NULL, requirement TEXT NOT NULL, kind TEXT NOT NULL, optional INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX dependencies_of ON dependencies (crate, name);
    CREATE TABLE features (
        crate TEXT NOT NULL REFERENCES crates ON DELETE CASCADE, name TEXT NOT NULL, PRIMARY KEY (crate, name)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE licenses (
        crate TEXT NOT NULL REFERENCES crates ON DELETE CASCADE, name TEXT NOT NULL, PRIMARY KEY (crate, name)
    ) STRICT, WITHOUT ROWID;
";

/// The database; cloning gives the same one.
#[derive(Clone, Debug)]
pub(crate) struct Db {
    pool: SqlitePool,
    asked: Arc<AtomicU64>,
}

impl Db {
    /// Makes the file, its tables and their first rows.
    pub(crate) async fn create(file: &Path, crates: &[Crate]) -> Result<Self, Error> {
        let db = Self::connect(file, true).await?;
        sqlx::raw_sql(SCHEMA).execute(&db.pool).await?;
        let mut tx = db.write().await?;
        for row in crates {
            insert(&mut tx, row).await?;
        }
        tx.commit().await?;
        Ok(db)
    }

    /// Opens a file that another process made.
    pub(crate) async fn open(file: &Path) -> Result<Self, Error> {
        Self::connect(file, false).await
    }

    async fn connect(file: &Path, create: bool) -> Result<Self, Error> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(create)
            .journal_mode(SqliteJournalMode::Wal)
            .busy_timeout(Duration::from_secs(10))
            .foreign_keys(true);
        Ok(Self { pool: SqlitePool::connect_with(options).await?, asked: Arc::default() })
    }

    /// How often the methods below were called: a cached answer does not count.
    pub(crate) fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }

    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }

    pub(crate) async fn page(&self, filter: &Filter) -> Result<Page, Error> {
        self.count();
        let mut crates = sqlx::query(
            "SELECT name, version, license, description,
                    (SELECT COUNT(*) FROM dependencies WHERE crate = crates.name) AS dependencies
             FROM crates
             WHERE name > ?1
               AND (?2 IS NULL OR instr(lower(name), lower(?2)) > 0)
               AND (?3 IS NULL OR EXISTS (SELECT 1 FROM licenses WHERE crate = crates.name AND name = ?3))
               AND (?4 IS NULL OR EXISTS (SELECT 1 FROM features WHERE crate = crates.name AND name = ?4))
             ORDER BY name
             LIMIT ?5",
        )
        .bind(filter.cursor.as_deref().unwrap_or_default())
        .bind(&filter.name)
        .bind(&filter.license)
        .bind(&filter.feature)
        .bind(filter.limit + 1)
        .try_map(summary)
        .fetch_all(&self.pool)
        .await?;
        // One row more than asked for says that there is a next page.
        let limit = filter.limit as usize;
        let more = crates.len() > limit;
        crates.truncate(limit);
        let next = if more { crates.last().map(|last| last.name.clone()) } else { None };
        Ok(Page { crates, next })
    }

    pub(crate) async fn details(&self, name: &str) -> Result<Option<Crate>, Error> {
        self.count();
        // One transaction: all three queries see one state of the database.
        let mut tx = self.pool.begin().await?;
        let found = details(&mut tx, name).await?;
        tx.commit().await?;
        Ok(found)
    }

    pub(crate) async fn statistics(&self) -> Result<Statistics, Error> {
        self.count();
        let mut tx = self.pool.begin().await?;
        let (crates, dependencies, features) = sqlx::query_as(
            "SELECT (SELECT COUNT(*) FROM crates), (SELECT COUNT(*) FROM dependencies), (SELECT COUNT(*) FROM features)",
        )
        .fetch_one(&mut *tx)
        .await?;
        let most_needed = sqlx::query(
            "WITH RECURSIVE
               direct (crate, name) AS (
                 SELECT DISTINCT crate, name FROM dependencies WHERE kind = 'normal' AND NOT optional),
               needs (crate, name) AS (
                 SELECT crate, name FROM direct
                 UNION
                 SELECT needs.crate, direct.name FROM needs JOIN direct ON direct.crate = needs.name)
             SELECT name, COUNT(*) AS crates FROM needs GROUP BY name ORDER BY crates DESC, name LIMIT 10",
        )
        .try_map(tally)
        .fetch_all(&mut *tx)
        .await?;
        let licenses =
            sqlx::query("SELECT name, COUNT(*) AS crates FROM licenses GROUP BY name ORDER BY crates DESC, name")
                .try_map(tally)
                .fetch_all(&mut *tx)
                .await?;
        tx.commit().await?;
        Ok(Statistics { crates, dependencies, features, most_needed, licenses })
    }

    pub(crate) async fn insert(&self, new: &Crate) -> Result<(), Error> {
        self.count();
        let mut tx = self.write().await?;
        insert(&mut tx, new).await?;
        tx.commit().await?;
        Ok(())
    }

    pub(crate) async fn update(&self, name: &str, change: &Change) -> Result<Crate, Error> {
        self.count();
        let mut tx = self.write().await?;
        sqlx::query(
            "UPDATE crates SET version = coalesce(?2, version), license = coalesce(?3, license),
                               description = coalesce(?4, description)
             WHERE name = ?1",
        )
        .bind(name)
        .bind(&change.version)
        .bind(&change.license)
        .bind(&change.description)
        .execute(&mut *tx)
        .await?;
        let updated = details(&mut tx, name).await?.ok_or_else(|| Error::NotFound(name.to_owned()))?;
        set_licenses(&mut tx, &updated).await?;
        tx.commit().await?;
        Ok(updated)
    }

    pub(crate) async fn delete(&self, name: &str) -> Result<(), Error> {
        self.count();
        let done = sqlx::query("DELETE FROM crates WHERE name = ?1").bind(name).execute(&self.pool).await?;
        if done.rows_affected() == 0 { Err(Error::NotFound(name.to_owned())) } else { Ok(()) }
    }

    fn count(&self) {
        self.asked.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes the write lock at once: a transaction that read first could not wait for it.
    async fn write(&self) -> Result<Transaction<'static, Sqlite>, Error> {
        Ok(self.pool.begin_with("BEGIN IMMEDIATE").await?)
    }
}

async fn insert(db: &mut SqliteConnection, new: &Crate) -> Result<(), Error> {
    sqlx::query("INSERT INTO crates (name, version, license, description) VALUES (?1, ?2, ?3, ?4)")
        .bind(&new.name)
        .bind(&new.version)
        .bind(&new.license)
        .bind(&new.description)
        .execute(&mut *db)
        .await
        .map_err(|error| match error.as_database_error() {
            Some(cause) if cause.is_unique_violation() => Error::AlreadyExists(new.name.clone()),
            _ => Error::Database(error),
        })?;
    for needed in &new.dependencies {
        sqlx::query("INSERT INTO dependencies (crate, name, requirement, kind, optional) VALUES (?1, ?2, ?3, ?4, ?5)")
            .bind(&new.name)
            .bind(&needed.name)
            .bind(&needed.requirement)
            .bind(needed.kind.as_str())
            .bind(needed.optional)
            .execute(&mut *db)
            .await?;
    }
    for feature in &new.features {
        sqlx::query("INSERT INTO features (crate, name) VALUES (?1, ?2)")
            .bind(&new.name)
            .bind(feature)
            .execute(&mut *db)
            .await?;
    }
    set_licenses(db, new).await
}

async fn set_licenses(db: &mut SqliteConnection, of: &Crate) -> Result<(), Error> {
    sqlx::query("DELETE FROM licenses WHERE crate = ?1").bind(&of.name).execute(&mut *db).await?;
    for license in licenses(of.license.as_deref().unwrap_or_default()) {
        sqlx::query("INSERT INTO licenses (crate, name) VALUES (?1, ?2)")
            .bind(&of.name)
            .bind(license)
            .execute(&mut *db)
            .await?;
    }
    Ok(())
}

async fn details(db: &mut SqliteConnection, name: &str) -> Result<Option<Crate>, Error> {
    let row = sqlx::query_as("SELECT version, license, description FROM crates WHERE name = ?1")
        .bind(name)
        .fetch_optional(&mut *db)
        .await?;
    let Some((version, license, description)) = row else {
        return Ok(None);
    };
    let dependencies = sqlx::query(
        "SELECT name, requirement, kind, optional FROM dependencies WHERE crate = ?1 ORDER BY kind DESC, name, rowid",
    )
    .bind(name)
    .try_map(dependency)
    .fetch_all(&mut *db)
    .await?;
    let features =
        sqlx::query_scalar("SELECT name FROM features WHERE crate = ?1").bind(name).fetch_all(&mut *db).await?;
    let features = features.into_iter().collect();
    Ok(Some(Crate { name: name.to_owned(), version, license, description, dependencies, features }))
}

fn summary(row: SqliteRow) -> Result<Summary, sqlx::Error> {
    Ok(Summary {
        name: row.try_get("name")?,
        version: row.try_get("version")?,
        license: row.try_get("license")?,
        description: row.try_get("description")?,
        dependencies: row.try_get("dependencies")?,
    })
}

fn dependency(row: SqliteRow) -> Result<Dependency, sqlx::Error> {
    Ok(Dependency {
        name: row.try_get("name")?,
        requirement: row.try_get("requirement")?,
        kind: Kind::from_name(row.try_get("kind")?),
        optional: row.try_get("optional")?,
    })
}

fn tally(row: SqliteRow) -> Result<Tally, sqlx::Error> {
    Ok(Tally { name: row.try_get("name")?, crates: row.try_get("crates")? })
}
