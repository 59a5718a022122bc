//! The configuration at one commit: read whole, or refused with a reason.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Deref;

use larder::HexSha;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::git::Commit;
use crate::keys::PublicKey;
use crate::origin::Origin;

/// The file that holds it.
pub(crate) const FILE: &str = "config.yaml";

/// The configuration at one commit.
#[derive(Clone, Debug)]
pub struct Config {
    commit: Commit,
    revision: String,
    settings: Settings,
    /// The public parts of the keys that [`Settings::keys`] names.
    pub keys: Vec<PublicKey>,
}

/// What `config.yaml` says.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Which origins are answered for.
    pub origins: Vec<Origin>,
    /// Who may log in: the virtual organizations, by name.
    pub vos: BTreeMap<String, Vo>,
    /// The files of the signing keys; that which signs now comes first.
    #[serde(rename = "keys")]
    pub key_files: Vec<String>,
    /// Whom to tell of a weakness.
    pub security: Security,
    /// What lies over the metadata (default: nothing).
    #[serde(default)]
    pub extension: Option<Extension>,
}

/// A virtual organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vo {
    /// The group of those who ask for none.
    pub default_group: String,
    /// By name, what those in it are.
    pub groups: BTreeMap<String, Group>,
    /// Whom its members ask for help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub support: Option<String>,
}

/// A group of a virtual organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// What its members may do.
    #[serde(default)]
    pub properties: BTreeSet<String>,
}

/// What `security.txt` says.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Security {
    /// Addresses, the best one first.
    pub contact: Vec<String>,
    /// Until when all of this holds.
    pub expires: Expires,
    /// Where the rules stand.
    #[serde(default)]
    pub policy: Option<String>,
    /// What is spoken there.
    #[serde(default)]
    pub languages: Vec<String>,
}

/// A time of RFC 3339.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Expires(#[serde(with = "time::serde::rfc3339")] OffsetDateTime);

/// What an extension lays over the metadata.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Extension {
    /// Its name.
    pub name: String,
    /// Whom all members ask for help, whatever their VO says.
    #[serde(default)]
    pub support: Option<String>,
    /// What it can do.
    #[serde(default)]
    pub capabilities: BTreeSet<String>,
}

/// Why a commit is not answered from: a file, and what is wrong in it, without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    file: String,
    reason: String,
}

impl Refusal {
    pub(crate) fn new(file: &str, reason: impl Into<String>) -> Self {
        Self { file: file.to_owned(), reason: reason.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.file, self.reason)
    }
}

impl Settings {
    /// Reads and checks the file.
    pub(crate) fn read(yaml: &[u8]) -> Result<Self, Refusal> {
        let settings: Self = serde_saphyr::from_slice(yaml).map_err(|error| {
            // The parser's own words quote the file.
            let place = error.location().map(|at| format!(" at line {}, column {}", at.line(), at.column()));
            Refusal::new(FILE, format!("not what this service reads{}", place.unwrap_or_default()))
        })?;
        settings.check().map_err(|reason| Refusal::new(FILE, reason))?;
        Ok(settings)
    }

    fn check(&self) -> Result<(), String> {
        let groups = || self.vos.values().flat_map(|vo| &vo.groups);
        let names = self.vos.keys().chain(groups().map(|(name, _)| name));
        let names = names.chain(groups().flat_map(|(_, group)| &group.properties));
        let is_name =
            |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
        // What a scope may hold, and no blank, which would make two of it.
        if !names.into_iter().all(|name| is_name(name)) {
            return Err("names of VOs, groups and properties consist of letters, digits, `_`, `.` and `-`".to_owned());
        }
        if let Some((name, _)) = self.vos.iter().find(|(_, vo)| !vo.groups.contains_key(&vo.default_group)) {
            return Err(format!("the default group of VO `{name}` is none of its groups"));
        }
        for (list, is_empty) in [
            ("origins", self.origins.is_empty()),
            ("keys", self.key_files.is_empty()),
            ("security.contact", self.security.contact.is_empty()),
        ] {
            if is_empty {
                return Err(format!("`{list}` is empty: it takes one at least"));
            }
        }
        if self.security.lines().any(|text| text.contains(char::is_control)) {
            return Err("what stands under `security` takes one line each".to_owned());
        }
        let is_path = |path: &str| path.split('/').all(|part| is_name(part) && part != "." && part != "..");
        if !self.key_files.iter().all(|path| is_path(path)) {
            return Err("`keys` names files of this repository by their paths, such as `keys/2026.jwk`".to_owned());
        }
        Ok(())
    }
}

impl Security {
    fn lines(&self) -> impl Iterator<Item = &String> {
        self.contact.iter().chain(&self.policy).chain(&self.languages)
    }
}

impl fmt::Display for Expires {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.format(&Rfc3339).map_err(|_| fmt::Error)?)
    }
}

impl Expires {
    /// Whether it is over.
    pub(crate) fn is_past(&self) -> bool {
        self.0 <= OffsetDateTime::now_utc()
    }
}

impl Config {
    pub(crate) fn new(commit: &Commit, settings: Settings, keys: Vec<PublicKey>) -> Result<Self, Refusal> {
        let kids: BTreeSet<&str> = keys.iter().map(|key| &*key.kid).collect();
        if kids.len() != keys.len() {
            return Err(Refusal::new(FILE, "two files of `keys` have the same `kid`"));
        }
        // Another version of this program may say the same in other words: neither values in Redis nor tags are shared with it.
        let revision = format!("{} {}", commit, env!("CARGO_PKG_VERSION"));
        Ok(Self { commit: commit.clone(), revision, settings, keys })
    }

    /// The hash of its commit.
    #[must_use]
    pub fn commit(&self) -> &str {
        self.commit.as_str()
    }
}

impl HexSha for Config {
    fn hexsha(&self) -> &str {
        &self.revision
    }
}

impl Deref for Config {
    type Target = Settings;

    fn deref(&self) -> &Settings {
        &self.settings
    }
}
