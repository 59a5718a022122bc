//! What a viewer writes: each method is one database transaction, and knows nothing of caches.

use std::collections::BTreeSet;

use sqlx::types::Json;

use crate::entities::{Entity, Gateway, Prompt, Resource, Tool};
use crate::error::Error;
use crate::item::{Change, Item, New, Visibility};
use crate::secret::Secret;
use crate::store::Connection;
use crate::viewer::Viewer;

impl Viewer {
    /// Adds all of several rows, or none.
    pub(crate) async fn insert<E: Entity>(&self, new: &[New<E>]) -> Result<Vec<Item<E>>, Error> {
        let mut db = self.db().write().await?;
        let mut made = Vec::with_capacity(new.len());
        for new in new {
            let id = self.insert_one(&mut db, new).await?;
            made.push(self.row(&mut db, id).await?);
        }
        db.commit().await?;
        Ok(made)
    }

    async fn insert_one<E: Entity>(&self, db: &mut Connection, new: &New<E>) -> Result<i64, Error> {
        let owner = self.signed()?;
        new.check()?;
        if let Some(team) = &new.team {
            self.serves(team)?;
        }
        if let Some(gateway) = new.gateway
            && !self.sees(db, gateway, &[Gateway::LIST]).await?
        {
            return Err(Error::Invalid("`gateway` is none that you see".to_owned()));
        }
        let id = sqlx::query_scalar(
            "INSERT INTO items (kind, name, description, owner, team, visibility, gateway, auth, spec)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) RETURNING id",
        )
        .bind(E::LIST)
        .bind(&new.name)
        .bind(&new.description)
        .bind(owner)
        .bind(&new.team)
        .bind(new.visibility.as_str())
        .bind(new.gateway)
        .bind(new.auth.as_ref().map(Secret::expose))
        .bind(Json(&new.spec))
        .fetch_one(&mut *db)
        .await?;
        set_tags(db, id, &new.tags).await?;
        self.set_parts(db, id, &new.parts).await?;
        Ok(id)
    }

    /// Changes a row.
    pub(crate) async fn update<E: Entity>(&self, id: i64, change: &Change<E>) -> Result<Item<E>, Error> {
        change.check()?;
        let mut db = self.db().write().await?;
        let item = self.own::<E>(&mut db, id).await?;
        if change.visibility == Some(Visibility::Team) && item.team.is_none() {
            return Err(Error::Invalid("`visibility` is `team`, and this row has none".to_owned()));
        }
        if change.visibility == Some(Visibility::Private) {
            // Of all who may write it, only its owner would see it then.
            self.writes(&item.owner, None)?;
        }
        sqlx::query(
            "UPDATE items SET name = coalesce(?2, name), description = coalesce(?3, description),
                              visibility = coalesce(?4, visibility), spec = coalesce(?5, spec),
                              auth = CASE WHEN ?6 IS NULL THEN auth ELSE nullif(?6, '') END
             WHERE id = ?1",
        )
        .bind(id)
        .bind(&change.name)
        .bind(&change.description)
        .bind(change.visibility.map(Visibility::as_str))
        .bind(change.spec.as_ref().map(Json))
        .bind(change.auth.as_ref().filter(|auth| !auth.is_mask()).map(Secret::expose))
        .execute(&mut *db)
        .await?;
        if let Some(tags) = &change.tags {
            set_tags(&mut db, id, tags).await?;
        }
        if let Some(parts) = &change.parts {
            self.set_parts(&mut db, id, parts).await?;
        }
        let item = self.row(&mut db, id).await?;
        db.commit().await?;
        Ok(item)
    }

    /// Switches a row on or off, with all that came by it.
    pub(crate) async fn set_active<E: Entity>(&self, id: i64, active: bool) -> Result<(), Error> {
        let mut db = self.db().write().await?;
        self.own::<E>(&mut db, id).await?;
        let switched = sqlx::query("UPDATE items SET active = ?2 WHERE id = ?1 OR gateway = ?1").bind(id).bind(active);
        switched.execute(&mut *db).await?;
        Ok(db.commit().await?)
    }

    /// Removes a row. What came by it, and what else speaks of it, goes by `ON DELETE CASCADE`.
    pub(crate) async fn delete<E: Entity>(&self, id: i64) -> Result<(), Error> {
        let mut db = self.db().write().await?;
        self.own::<E>(&mut db, id).await?;
        sqlx::query("DELETE FROM items WHERE id = ?1").bind(id).execute(&mut *db).await?;
        Ok(db.commit().await?)
    }

    /// The secret to call a row with, for whoever makes that call. Nothing keeps it.
    ///
    /// # Errors
    ///
    /// `NotFound` where the viewer sees no such row, `Forbidden` where it is another's, and failures of the database.
    pub async fn secret<E: Entity>(&self, id: i64) -> Result<Option<Secret>, Error> {
        let mut db = self.db().read().await?;
        self.own::<E>(&mut db, id).await?;
        let clear = sqlx::query_scalar::<_, Option<String>>("SELECT auth FROM items WHERE id = ?1").bind(id);
        Ok(clear.fetch_one(&mut *db).await?.map(Secret::new))
    }

    /// A row that the viewer may write.
    async fn own<E: Entity>(&self, db: &mut Connection, id: i64) -> Result<Item<E>, Error> {
        self.signed()?;
        let item: Item<E> = self.row(db, id).await?;
        self.writes(&item.owner, item.team.as_deref())?;
        Ok(item)
    }

    async fn set_parts(&self, db: &mut Connection, server: i64, parts: &BTreeSet<i64>) -> Result<(), Error> {
        sqlx::query("DELETE FROM parts WHERE server = ?1").bind(server).execute(&mut *db).await?;
        for part in parts {
            if !self.sees(db, *part, &[Tool::LIST, Prompt::LIST, Resource::LIST]).await? {
                let text = "`parts` names what is no tool, prompt or resource that you see";
                return Err(Error::Invalid(text.to_owned()));
            }
            let bundled = sqlx::query("INSERT INTO parts (server, part) VALUES (?1, ?2)").bind(server).bind(part);
            bundled.execute(&mut *db).await?;
        }
        Ok(())
    }
}

async fn set_tags(db: &mut Connection, item: i64, tags: &BTreeSet<String>) -> Result<(), Error> {
    sqlx::query("DELETE FROM tags WHERE item = ?1").bind(item).execute(&mut *db).await?;
    for tag in tags {
        sqlx::query("INSERT INTO tags (item, tag) VALUES (?1, ?2)").bind(item).bind(tag).execute(&mut *db).await?;
    }
    Ok(())
}
