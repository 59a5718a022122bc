//! An extension of the base crate: functions of the same names that add to what the base says, and cache their own.

use std::sync::Arc;

use larder::{hexsha_cached, ttl_cached};
pub use metadata_base::{Config, Metadata, Origin};
use serde::{Deserialize, Serialize};

/// The base's metadata, and what the extension adds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extended {
    /// What the base says.
    pub base: Metadata,
    /// What the extension adds.
    pub quota: u64,
}

/// How much a client may ask.
#[ttl_cached(entity = "quota", ttl = "5s", jitter = 0, skip(origin))]
pub async fn quota(origin: &Origin) -> u64 {
    origin.quota()
}

/// The metadata for one host, extended.
#[hexsha_cached(skip(origin), store = tiered)]
pub async fn metadata(config: &Config, origin: &Origin, host: &str) -> Extended {
    origin.count();
    let (base, quota) = tokio::join!(metadata_base::metadata(config, origin, host), quota(origin));
    Extended { base, quota }
}

/// The base's line about the service, extended.
#[ttl_cached(entity = "status", ttl = "60s", jitter = 0, skip(config, origin))]
pub async fn status(config: &Config, origin: &Origin) -> String {
    origin.count();
    format!("{}, extended", metadata_base::status(config, origin).await)
}

/// The third layer: what a page shows of the metadata of two hosts, each asked in a task of its own.
#[ttl_cached(entity = "pages", ttl = "60s", jitter = 0, skip(config, origin))]
pub async fn page(config: Arc<Config>, origin: Arc<Origin>) -> Vec<Extended> {
    origin.count();
    let ask = |host: &'static str| {
        let (config, origin) = (Arc::clone(&config), Arc::clone(&origin));
        tokio::spawn(larder::frame().scope(async move { metadata(&config, &origin, host).await }))
    };
    let (first, second) = tokio::join!(ask("a.example"), ask("b.example"));
    [first, second].into_iter().flatten().collect()
}

/// The number of providers in words, for sync callers; the base is asked in a thread of its own.
#[ttl_cached(entity = "words", ttl = "60s", jitter = 0, skip(origin))]
pub fn providers_in_words(origin: &Origin) -> String {
    origin.count();
    let frame = larder::frame();
    let providers = std::thread::scope(|scope| {
        scope.spawn(|| frame.run(|| metadata_base::providers_blocking(origin))).join().unwrap_or_default()
    });
    format!("{providers} providers")
}

/// A page that shows the quota, and is not ended when it changes.
#[ttl_cached(entity = "banners", ttl = "60s", jitter = 0, skip(origin))]
pub async fn banner(origin: &Origin) -> String {
    origin.count();
    format!("about {}", larder::detached(quota(origin)).await)
}
