//! The metadata of an identity service: what a base crate caches, and others build upon.

use std::sync::atomic::{AtomicU64, Ordering};

use larder::{HexSha, hexsha_cached, ttl_cached};
use serde::{Deserialize, Serialize};

/// The configuration at one commit.
#[derive(Clone, Debug)]
pub struct Config {
    /// The hash of the commit.
    pub commit: String,
    /// Who issues tokens.
    pub issuer: String,
}

impl HexSha for Config {
    fn hexsha(&self) -> &str {
        &self.commit
    }
}

/// Where values come from: numbers that change, and a count of the bodies that ran.
#[derive(Debug, Default)]
pub struct Origin {
    providers: AtomicU64,
    quota: AtomicU64,
    runs: AtomicU64,
}

impl Origin {
    /// How many providers there are from now on.
    pub fn set_providers(&self, providers: u64) {
        self.providers.store(providers, Ordering::SeqCst);
    }

    /// The quota from now on.
    pub fn set_quota(&self, quota: u64) {
        self.quota.store(quota, Ordering::SeqCst);
    }

    /// The quota, read by a body.
    pub fn quota(&self) -> u64 {
        self.count();
        self.quota.load(Ordering::SeqCst)
    }

    /// Counts a body.
    pub fn count(&self) {
        self.runs.fetch_add(1, Ordering::SeqCst);
    }

    /// How many bodies ran.
    pub fn runs(&self) -> u64 {
        self.runs.load(Ordering::SeqCst)
    }
}

/// What the service says about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// The commit that it was made from.
    pub commit: String,
    /// Who issues tokens, at which host.
    pub issuer: String,
    /// How many providers there are.
    pub providers: u64,
}

/// How many providers there are.
#[ttl_cached(entity = "providers", ttl = "60s", jitter = 0, skip(origin))]
pub async fn providers(origin: &Origin) -> u64 {
    origin.count();
    origin.providers.load(Ordering::SeqCst)
}

/// The metadata for one host.
#[hexsha_cached(skip(origin), store = tiered)]
pub async fn metadata(config: &Config, origin: &Origin, host: &str) -> Metadata {
    origin.count();
    let issuer = format!("https://{host}/{}", config.issuer);
    Metadata { commit: config.commit.clone(), issuer, providers: providers(origin).await }
}

/// One line about the service: a value with a ttl, made of one with a revision.
#[ttl_cached(entity = "status", ttl = "60s", jitter = 0, skip(config, origin))]
pub async fn status(config: &Config, origin: &Origin) -> String {
    origin.count();
    let metadata = metadata(config, origin, "status").await;
    format!("{} at {}", metadata.providers, metadata.commit)
}

/// How many providers there are, for sync callers.
#[ttl_cached(entity = "providers", ttl = "60s", jitter = 0, skip(origin))]
pub fn providers_blocking(origin: &Origin) -> u64 {
    origin.count();
    origin.providers.load(Ordering::SeqCst)
}
