//! Which rows a list shows, and one page of them.

use std::collections::BTreeSet;

use larder::CacheKey;
use serde::{Deserialize, Deserializer, Serialize};

use crate::error::Error;
use crate::item::{Item, Visibility};

/// Which rows to list. It derives `CacheKey`: each filter has an entry of its own, and two ways to write one filter share it.
#[derive(Clone, Debug, CacheKey, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Filter {
    /// Rows with any of these tags: `tags=fast,local` is `tags=local,fast`.
    #[serde(deserialize_with = "separated")]
    pub tags: BTreeSet<String>,
    /// Also those that are switched off.
    pub include_inactive: bool,
    /// Of this team only.
    pub team: Option<String>,
    /// Seen by these only.
    pub visibility: Option<Visibility>,
    /// The most rows of a page (1 to 100).
    pub limit: u32,
    /// The `next` of the page before.
    pub cursor: Option<i64>,
}

impl Default for Filter {
    fn default() -> Self {
        let tags = BTreeSet::new();
        Self { tags, include_inactive: false, team: None, visibility: None, limit: 50, cursor: None }
    }
}

impl Filter {
    const MOST: u32 = 100;

    /// Whether it asks for a first page.
    pub(crate) const fn is_first(&self) -> bool {
        self.cursor.is_none()
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        match self.limit {
            1..=Self::MOST => Ok(()),
            other => Err(Error::Invalid(format!("`limit` is {other}: give 1 to {}", Self::MOST))),
        }
    }
}

/// Words with commas between them, in any order.
fn separated<'de, D: Deserializer<'de>>(text: D) -> Result<BTreeSet<String>, D::Error> {
    let words = String::deserialize(text)?;
    Ok(words.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect())
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Page<E> {
    /// Its rows, the oldest first.
    pub items: Vec<Item<E>>,
    /// The cursor of the next page; `None` on the last one.
    pub next: Option<i64>,
}
