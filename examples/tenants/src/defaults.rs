//! The YAML file: what holds for every tenant, and the tenants that a new database begins with.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Error;

/// The last tier of the settings, and the first rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Defaults {
    /// What holds for a tenant that says nothing else.
    pub settings: BTreeMap<String, Value>,
    /// The tenants of a new database.
    #[serde(default)]
    pub tenants: BTreeMap<String, Tenant>,
}

/// A tenant of a new database.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tenant {
    /// The hosts that are its own.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// What it says above the defaults.
    #[serde(default)]
    pub settings: BTreeMap<String, Value>,
}

impl Defaults {
    /// Reads YAML.
    ///
    /// # Errors
    ///
    /// Where the text is no such file: the error says where.
    pub fn parse(yaml: &str) -> Result<Self, Error> {
        serde_saphyr::from_str(yaml).map_err(|error| Error::Defaults(error.to_string()))
    }

    /// Reads a file of YAML.
    ///
    /// # Errors
    ///
    /// Where the file cannot be read, or is no such file.
    pub fn read(file: &Path) -> Result<Self, Error> {
        let text =
            std::fs::read_to_string(file).map_err(|error| Error::Defaults(format!("{}: {error}", file.display())))?;
        Self::parse(&text)
    }
}
