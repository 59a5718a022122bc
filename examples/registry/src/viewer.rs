//! Who looks at the registry: the only door to its rows, and a part of every key.

use std::collections::BTreeSet;

use larder::CacheKey;

use crate::error::Error;
use crate::members::standing;
use crate::store::Db;

/// Somebody who looks at the registry.
///
/// Every query is a method of this and shows what this person may see; [`Db`] itself shows no row. So a cached function
/// has to take a `Viewer` to get at rows, and as a parameter it is a part of the key: the person, and the teams and rights of
/// this very moment. Nobody can be answered with what was computed for others, or for the same person before a team was
/// left. It cannot be made by hand.
#[derive(Clone, Debug, CacheKey)]
pub struct Viewer {
    #[key(skip)]
    db: Db,
    /// `None` for a guest, who sees what is public.
    name: Option<String>,
    teams: BTreeSet<String>,
    admin: bool,
}

impl Viewer {
    /// A person with a name that the registry knows; nobody's is a guest.
    ///
    /// # Errors
    ///
    /// `Unknown` when no such person is known, and failures of the database.
    pub async fn of(db: &Db, name: Option<&str>) -> Result<Self, Error> {
        let Some(name) = name else {
            return Ok(Self { db: db.clone(), name: None, teams: BTreeSet::new(), admin: false });
        };
        let known = standing(db, name).await?.ok_or(Error::Unknown)?;
        Ok(Self { db: db.clone(), name: Some(name.to_owned()), teams: known.teams.clone(), admin: known.admin })
    }

    /// The person's name, where something is to be written in it.
    pub(crate) fn signed(&self) -> Result<&str, Error> {
        self.name.as_deref().ok_or(Error::Unknown)
    }

    /// Refuses whoever is no administrator.
    pub(crate) const fn administrates(&self) -> Result<(), Error> {
        if self.admin { Ok(()) } else { Err(Error::Forbidden) }
    }

    /// Refuses whoever may not put rows into this team.
    pub(crate) fn serves(&self, team: &str) -> Result<(), Error> {
        if self.admin || self.teams.contains(team) { Ok(()) } else { Err(Error::Forbidden) }
    }

    /// Refuses whoever may not write a row of this owner and team.
    pub(crate) fn writes(&self, owner: &str, team: Option<&str>) -> Result<(), Error> {
        if self.name.as_deref() == Some(owner) { Ok(()) } else { self.serves(team.unwrap_or_default()) }
    }

    pub(crate) const fn db(&self) -> &Db {
        &self.db
    }

    /// What the clause of visibility in every query is bound to: name, teams as JSON, and whether it sees all.
    pub(crate) fn sight(&self) -> (Option<&str>, sqlx::types::Json<&BTreeSet<String>>, bool) {
        (self.name.as_deref(), sqlx::types::Json(&self.teams), self.admin)
    }
}
