//! The first rows of the registry: the crates that `cargo metadata` reports for this workspace.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;

use serde::Deserialize;
use tokio::process::Command;

use crate::Failure;
use crate::model::{Crate, Dependency, Kind};

/// Every crate that this workspace is built from, in the newest version that it uses.
pub(crate) async fn read() -> Result<Vec<Crate>, Failure> {
    let json = match metadata(&["--offline"]).await {
        Ok(json) => json,
        Err(_) => metadata(&[]).await?,
    };
    let metadata: Metadata = serde_json::from_slice(&json)?;
    let mut newest = BTreeMap::<String, Package>::new();
    for package in metadata.packages {
        let known = newest.get(&package.name);
        if known.is_none_or(|known| precedence(&known.version) < precedence(&package.version)) {
            newest.insert(package.name.clone(), package);
        }
    }
    Ok(newest.into_values().map(Crate::from).collect())
}

async fn metadata(more: &[&str]) -> Result<Vec<u8>, Failure> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1"])
        .args(more)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .kill_on_drop(true)
        .output()
        .await
        .map_err(|error| format!("`cargo metadata` could not be started: {error}"))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(format!("`cargo metadata` failed: {}", String::from_utf8_lossy(&output.stderr).trim_end()).into())
}

/// The order of versions: by their numbers, and a pre-release before its release.
fn precedence(version: &str) -> (Vec<u64>, bool) {
    let version = version.split('+').next().unwrap_or_default();
    let (numbers, is_release) = version.split_once('-').map_or((version, true), |(numbers, _)| (numbers, false));
    (numbers.split('.').map(|number| number.parse().unwrap_or_default()).collect(), is_release)
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    license: Option<String>,
    description: Option<String>,
    dependencies: Vec<Needed>,
    features: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
struct Needed {
    name: String,
    req: String,
    kind: Option<Kind>,
    optional: bool,
}

impl From<Package> for Crate {
    fn from(package: Package) -> Self {
        Self {
            name: package.name,
            version: package.version,
            license: package.license,
            description: package.description,
            dependencies: package.dependencies.into_iter().map(Dependency::from).collect(),
            features: package.features.into_keys().collect(),
        }
    }
}

impl From<Needed> for Dependency {
    fn from(needed: Needed) -> Self {
        Self {
            name: needed.name,
            requirement: needed.req,
            kind: needed.kind.unwrap_or_default(),
            optional: needed.optional,
        }
    }
}
