//! What a registry holds and answers with: plain values that JSON, SQLite and the cache all know.

use std::collections::BTreeSet;

use larder::CacheKey;
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// One crate with all that is known of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Crate {
    pub(crate) name: String,
    pub(crate) version: String,
    #[serde(default)]
    pub(crate) license: Option<String>,
    #[serde(default)]
    pub(crate) description: Option<String>,
    #[serde(default)]
    pub(crate) dependencies: Vec<Dependency>,
    #[serde(default)]
    pub(crate) features: BTreeSet<String>,
}

/// What a crate declares to need.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    pub(crate) requirement: String,
    pub(crate) kind: Kind,
    pub(crate) optional: bool,
}

/// When a dependency is needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    #[default]
    Normal,
    Build,
    Dev,
}

impl Kind {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Build => "build",
            Self::Dev => "dev",
        }
    }

    pub(crate) fn from_name(name: &str) -> Self {
        match name {
            "build" => Self::Build,
            "dev" => Self::Dev,
            _ => Self::Normal,
        }
    }
}

/// What a client may change of a crate: an absent field stays as it is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    pub(crate) version: Option<String>,
    pub(crate) license: Option<String>,
    pub(crate) description: Option<String>,
}

/// Which crates to list. It derives `CacheKey`: each filter has its own entry in the cache.
#[derive(Clone, Debug, CacheKey, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Filter {
    /// Part of the name; ASCII case means nothing.
    pub(crate) name: Option<String>,
    /// One licence, such as `MIT`; it also finds `MIT OR Apache-2.0`.
    pub(crate) license: Option<String>,
    /// A feature that the crate declares.
    pub(crate) feature: Option<String>,
    #[serde(default = "Filter::default_limit")]
    pub(crate) limit: u32,
    /// The `next` of the page before.
    pub(crate) cursor: Option<String>,
}

/// One page of a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Page {
    pub(crate) crates: Vec<Summary>,
    /// The cursor of the next page; `None` on the last one.
    pub(crate) next: Option<String>,
}

/// One crate in a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Summary {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) license: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) dependencies: u32,
}

/// The registry as a whole.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Statistics {
    pub(crate) crates: u32,
    pub(crate) dependencies: u32,
    pub(crate) features: u32,
    /// The crates that most others need, directly or through what they need.
    pub(crate) most_needed: Vec<Tally>,
    pub(crate) licenses: Vec<Tally>,
}

/// A name, and how many crates it counts for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Tally {
    pub(crate) name: String,
    pub(crate) crates: u32,
}

impl Filter {
    const MOST: u32 = 100;

    const fn default_limit() -> u32 {
        20
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        match self.limit {
            1..=Self::MOST => Ok(()),
            other => Err(Error::Invalid(format!("`limit` is {other}: give 1 to {}", Self::MOST))),
        }
    }
}

impl Crate {
    const LONGEST_NAME: usize = 64;

    pub(crate) fn check(&self) -> Result<(), Error> {
        let wanted = |letter: char| letter.is_alphanumeric() || letter == '-' || letter == '_';
        let length = self.name.chars().count();
        if length == 0 || length > Self::LONGEST_NAME || !self.name.chars().all(wanted) {
            let most = Self::LONGEST_NAME;
            return Err(Error::Invalid(format!("`name` must be 1 to {most} letters, digits, `-` or `_`")));
        }
        if self.version.is_empty() {
            return Err(Error::Invalid("`version` is empty".to_owned()));
        }
        Ok(())
    }
}

impl Change {
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.version.is_none() && self.license.is_none() && self.description.is_none() {
            let text = "nothing to change: give `version`, `license` or `description`";
            return Err(Error::Invalid(text.to_owned()));
        }
        if self.version.as_deref() == Some("") {
            return Err(Error::Invalid("`version` is empty".to_owned()));
        }
        Ok(())
    }
}

/// The licences in an expression such as `MIT OR Apache-2.0 WITH LLVM-exception`; the exception is not one.
pub(crate) fn licenses(expression: &str) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    let mut words = expression.split([' ', '/', '(', ')']).filter(|word| !word.is_empty());
    while let Some(word) = words.next() {
        match word {
            "OR" | "AND" => {}
            "WITH" => {
                words.next();
            }
            license => {
                found.insert(license);
            }
        }
    }
    found
}
