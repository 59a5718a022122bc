//! What a viewer reads: every query shows what this person may see.

use std::collections::BTreeSet;
use std::sync::Arc;

use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use sqlx::types::Json;

use crate::entities::Entity;
use crate::error::Error;
use crate::filter::{Filter, Page};
use crate::item::{Item, Named, Visibility};
use crate::secret::Masked;
use crate::store::Connection;
use crate::viewer::Viewer;

/// `seen` is what the viewer may see; a row names nothing beyond it. The secret stays where it is.
const ROWS: &str = "
    WITH seen AS NOT MATERIALIZED (
        SELECT * FROM items
        WHERE visibility = 'public' OR owner = ?1 OR ?3
           OR (visibility = 'team' AND team IN (SELECT value FROM json_each(?2)))
    )
    SELECT shown.id, shown.name, shown.description, shown.owner, shown.team, shown.visibility, shown.active, shown.spec,
           shown.auth IS NOT NULL AS auth,
           (SELECT json_group_array(tag) FROM tags WHERE item = shown.id) AS tags,
           gateway.id AS gateway, gateway.name AS gateway_name,
           (SELECT json_group_array(json_object('id', part.id, 'name', part.name))
            FROM parts JOIN seen AS part ON part.id = parts.part WHERE parts.server = shown.id) AS parts
    FROM seen AS shown LEFT JOIN seen AS gateway ON gateway.id = shown.gateway
    WHERE shown.kind = ?4 AND shown.id BETWEEN ?5 AND ?6
      AND (?7 OR shown.active)
      AND (?8 IS NULL OR shown.team = ?8)
      AND (?9 IS NULL OR shown.visibility = ?9)
      AND (?10 = '[]' OR EXISTS (
          SELECT 1 FROM tags WHERE item = shown.id AND tag IN (SELECT value FROM json_each(?10))))
    ORDER BY shown.id
    LIMIT ?11";

impl Viewer {
    /// The page that a filter asks for.
    pub(crate) async fn page<E: Entity>(&self, filter: &Filter) -> Result<Arc<Page<E>>, Error> {
        filter.check()?;
        let first = filter.cursor.map_or(0, |last| last.saturating_add(1));
        let mut items = self.rows(&mut *self.db().read().await?, first, i64::MAX, filter).await?;
        // One row more than asked for says that there is a next page.
        let limit = filter.limit as usize;
        let more = items.len() > limit;
        items.truncate(limit);
        let next = if more { items.last().map(|last: &Item<E>| last.id) } else { None };
        Ok(Arc::new(Page { items, next }))
    }

    /// One row, switched on or not. It is not cached: by its number SQLite finds it as fast as Redis would.
    ///
    /// # Errors
    ///
    /// `NotFound` where the viewer sees no such row, and failures of the database.
    pub async fn item<E: Entity>(&self, id: i64) -> Result<Item<E>, Error> {
        self.row(&mut *self.db().read().await?, id).await
    }

    pub(crate) async fn row<E: Entity>(&self, db: &mut Connection, id: i64) -> Result<Item<E>, Error> {
        let one = Filter { include_inactive: true, limit: 1, ..Filter::default() };
        self.rows(db, id, id, &one).await?.pop().ok_or(Error::NotFound)
    }

    async fn rows<E: Entity>(
        &self,
        db: &mut Connection,
        first: i64,
        last: i64,
        filter: &Filter,
    ) -> Result<Vec<Item<E>>, Error> {
        let (name, teams, all) = self.sight();
        let rows = sqlx::query(ROWS)
            .bind(name)
            .bind(teams)
            .bind(all)
            .bind(E::LIST)
            .bind(first)
            .bind(last)
            .bind(filter.include_inactive)
            .bind(&filter.team)
            .bind(filter.visibility.map(Visibility::as_str))
            .bind(Json(&filter.tags))
            .bind(filter.limit + 1)
            .try_map(item)
            .fetch_all(db);
        Ok(rows.await?)
    }

    /// Whether the viewer sees a row that is one of these kinds, given as JSON.
    pub(crate) async fn sees(&self, db: &mut Connection, id: i64, kinds: &[&str]) -> Result<bool, Error> {
        let (name, teams, all) = self.sight();
        let seen = sqlx::query_scalar(
            "SELECT EXISTS (
                SELECT 1 FROM items
                WHERE id = ?4 AND kind IN (SELECT value FROM json_each(?5))
                  AND (visibility = 'public' OR owner = ?1 OR ?3
                       OR (visibility = 'team' AND team IN (SELECT value FROM json_each(?2)))))",
        );
        Ok(seen.bind(name).bind(teams).bind(all).bind(id).bind(Json(kinds)).fetch_one(db).await?)
    }
}

fn item<E: Entity>(row: SqliteRow) -> Result<Item<E>, sqlx::Error> {
    let Json(tags): Json<BTreeSet<String>> = row.try_get("tags")?;
    let Json(parts): Json<Vec<Named>> = row.try_get("parts")?;
    let Json(spec): Json<E> = row.try_get("spec")?;
    let gateway: Option<i64> = row.try_get("gateway")?;
    Ok(Item {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        description: row.try_get("description")?,
        tags,
        owner: row.try_get("owner")?,
        team: row.try_get("team")?,
        visibility: Visibility::from_name(row.try_get("visibility")?),
        active: row.try_get("active")?,
        gateway: gateway
            .map(|id| Ok::<_, sqlx::Error>(Named { id, name: row.try_get("gateway_name")? }))
            .transpose()?,
        parts,
        auth: row.try_get::<bool, _>("auth")?.then_some(Masked),
        spec,
    })
}
