//! What administrators look at: the registry as a whole.

use std::sync::Arc;

use larder::ttl_cached;
use serde::{Deserialize, Serialize};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::error::Error;
use crate::viewer::Viewer;

/// How many rows there are of what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Statistics {
    /// Per entity, also of those that are switched off.
    pub entities: Vec<Tally>,
    /// Per team; rows of no team are not among them.
    pub teams: Vec<Tally>,
    /// The ten tags that most rows have.
    pub tags: Vec<Tally>,
}

/// A name, and how many rows it stands for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// Of an entity, a team or a tag.
    pub name: String,
    /// How many rows.
    pub rows: i64,
}

/// How one tool did in the last hour.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// The tool.
    pub name: String,
    /// How often it was called.
    pub calls: i64,
    /// How often in vain.
    pub failed: i64,
    /// What a call took on average, in milliseconds.
    pub millis: f64,
}

/// Counts every row: a minute's life, and every write ends it (see [`depends`](crate::depends)).
///
/// # Errors
///
/// `Forbidden` for all but administrators, and failures of the database.
#[ttl_cached(entity = "statistics", ttl = "60s")]
pub async fn statistics(viewer: &Viewer) -> Result<Arc<Statistics>, Error> {
    viewer.administrates()?;
    let mut db = viewer.db().read().await?;
    let entities = "SELECT kind AS name, COUNT(*) AS rows FROM items GROUP BY kind ORDER BY kind";
    let teams = "SELECT team AS name, COUNT(*) AS rows FROM items WHERE team IS NOT NULL GROUP BY team ORDER BY team";
    let tags = "SELECT tag AS name, COUNT(*) AS rows FROM tags GROUP BY tag ORDER BY rows DESC, tag LIMIT 10";
    Ok(Arc::new(Statistics {
        entities: sqlx::query(entities).try_map(tally).fetch_all(&mut *db).await?,
        teams: sqlx::query(teams).try_map(tally).fetch_all(&mut *db).await?,
        tags: sqlx::query(tags).try_map(tally).fetch_all(&mut *db).await?,
    }))
}

/// The tools that were called in the last hour. Calls come by the second, so none of them ends this: it is half a minute old
/// at most, and that is good enough for a chart.
///
/// # Errors
///
/// Those of [`statistics`].
#[ttl_cached(entity = "usage", ttl = "30s")]
pub async fn usage(viewer: &Viewer) -> Result<Arc<Vec<Usage>>, Error> {
    viewer.administrates()?;
    let rows = sqlx::query(
        "SELECT items.name, COUNT(*) AS calls, SUM(failed) AS failed, AVG(millis) AS millis
         FROM calls JOIN items ON items.id = calls.tool
         WHERE at > unixepoch() - 3600 GROUP BY items.id ORDER BY calls DESC, items.id",
    );
    Ok(Arc::new(rows.try_map(one).fetch_all(&mut *viewer.db().read().await?).await?))
}

/// Takes down one call of a tool.
///
/// # Errors
///
/// `Unknown` for guests, `NotFound` where the viewer sees no such tool, and failures of the database.
pub(crate) async fn called(viewer: &Viewer, tool: i64, millis: u32, failed: bool) -> Result<(), Error> {
    viewer.signed()?;
    let mut db = viewer.db().write().await?;
    if !viewer.sees(&mut db, tool, &["tools"]).await? {
        return Err(Error::NotFound);
    }
    let call = sqlx::query("INSERT INTO calls (tool, millis, failed) VALUES (?1, ?2, ?3)");
    call.bind(tool).bind(millis).bind(failed).execute(&mut *db).await?;
    Ok(db.commit().await?)
}

fn tally(row: SqliteRow) -> Result<Tally, sqlx::Error> {
    Ok(Tally { name: row.try_get("name")?, rows: row.try_get("rows")? })
}

fn one(row: SqliteRow) -> Result<Usage, sqlx::Error> {
    Ok(Usage {
        name: row.try_get("name")?,
        calls: row.try_get("calls")?,
        failed: row.try_get("failed")?,
        millis: row.try_get("millis")?,
    })
}
