//! One row of the registry, as it is shown, as it is made, and as it is changed.

use std::collections::BTreeSet;

use larder::CacheKey;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::secret::{Masked, Secret};

/// One row of one of the six entities.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item<E> {
    /// Its number; no two rows share one.
    pub id: i64,
    /// What people call it.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Words to find it by.
    pub tags: BTreeSet<String>,
    /// Who made it.
    pub owner: String,
    /// The team that it belongs to.
    pub team: Option<String>,
    /// Who sees it.
    pub visibility: Visibility,
    /// Whether it is switched on.
    pub active: bool,
    /// The gateway that it came by, if the viewer may see that.
    pub gateway: Option<Named>,
    /// What a server bundles, as far as the viewer may see it.
    pub parts: Vec<Named>,
    /// Whether there is a secret to call it with.
    pub auth: Option<Masked>,
    /// What only its entity has.
    pub spec: E,
}

/// Another row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Named {
    /// Its number.
    pub id: i64,
    /// What people call it.
    pub name: String,
}

/// Who sees a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, CacheKey, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Its owner.
    #[default]
    Private,
    /// Its owner and its team.
    Team,
    /// Everybody.
    Public,
}

impl Visibility {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Team => "team",
            Self::Public => "public",
        }
    }

    pub(crate) fn from_name(name: &str) -> Self {
        match name {
            "public" => Self::Public,
            "team" => Self::Team,
            _ => Self::Private,
        }
    }
}

/// What a client says of a new row.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct New<E> {
    /// What people will call it.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Words to find it by.
    #[serde(default)]
    pub tags: BTreeSet<String>,
    /// The team that it is to belong to: one of the viewer's.
    pub team: Option<String>,
    /// Who is to see it.
    #[serde(default)]
    pub visibility: Visibility,
    /// The gateway that it comes by: one that the viewer sees.
    pub gateway: Option<i64>,
    /// What it bundles: rows that the viewer sees.
    #[serde(default)]
    pub parts: BTreeSet<i64>,
    /// The secret to call it with.
    pub auth: Option<Secret>,
    /// What only its entity has.
    pub spec: E,
}

impl<E> New<E> {
    pub(crate) fn check(&self) -> Result<(), Error> {
        named(&self.name)?;
        if self.visibility == Visibility::Team && self.team.is_none() {
            return Err(Error::Invalid("`visibility` is `team`: give the `team`, too".to_owned()));
        }
        Ok(())
    }
}

/// What a client may change of a row: an absent field stays as it is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change<E> {
    /// What people are to call it.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Words to find it by, instead of the former ones.
    pub tags: Option<BTreeSet<String>>,
    /// Who is to see it.
    pub visibility: Option<Visibility>,
    /// What it bundles, instead of the former parts.
    pub parts: Option<BTreeSet<i64>>,
    /// The secret to call it with. An empty one takes it away, and the mask that answers show leaves it as it is.
    pub auth: Option<Secret>,
    /// What only its entity has, as a whole.
    pub spec: Option<E>,
}

impl<E> Default for Change<E> {
    fn default() -> Self {
        Self { name: None, description: None, tags: None, visibility: None, parts: None, auth: None, spec: None }
    }
}

impl<E> Change<E> {
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.name.as_deref().map_or(Ok(()), named)
    }
}

fn named(name: &str) -> Result<(), Error> {
    const LONGEST: usize = 64;
    let length = name.chars().count();
    if length == 0 || length > LONGEST || name.chars().any(char::is_control) {
        return Err(Error::Invalid(format!("`name` must be 1 to {LONGEST} characters, and none a control character")));
    }
    Ok(())
}
