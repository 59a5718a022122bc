//! Hits by a struct of six fields.

use std::borrow::Cow;
use std::sync::Arc;

use cached::macros::{cached, concurrent_cached};
use larder::{CacheKey, ttl_cached};

use super::{Item, KEYS, calls, peers};
use crate::rounds::Group;

#[derive(Clone, PartialEq, Eq, Hash, CacheKey)]
struct Filter {
    team: Option<String>,
    active: bool,
    limit: u32,
    tags: Vec<String>,
    order: Cow<'static, str>,
    after: Option<u64>,
}

impl Filter {
    fn new(number: u64) -> Self {
        Self {
            team: Some(format!("team-{number:04}")),
            active: number.is_multiple_of(2),
            limit: 50,
            tags: ["public", "beta", "search"].map(str::to_owned).into(),
            order: Cow::Owned("updated_at".to_owned()),
            after: Some(number),
        }
    }

    fn item(&self) -> Arc<Item> {
        Item::new(self.after.unwrap_or(0))
    }
}

#[ttl_cached(entity = "items", ttl = "1h")]
fn larder_sync(filter: &Filter) -> Arc<Item> {
    filter.item()
}

#[ttl_cached(entity = "items", ttl = "1h")]
async fn larder_async(filter: &Filter) -> Arc<Item> {
    filter.item()
}

#[cached(max_size = 10_000, ttl_secs = 3_600, key = "Filter", convert = r#"{ filter.clone() }"#)]
fn cached_sync(filter: &Filter) -> Arc<Item> {
    filter.item()
}

#[cached(max_size = 10_000, ttl_secs = 3_600, key = "Filter", convert = r#"{ filter.clone() }"#)]
async fn cached_async(filter: &Filter) -> Arc<Item> {
    filter.item()
}

#[concurrent_cached(max_size = 10_000, ttl_secs = 3_600, key = "Filter", convert = r#"{ filter.clone() }"#)]
fn concurrent_sync(filter: &Filter) -> Arc<Item> {
    filter.item()
}

#[concurrent_cached(max_size = 10_000, ttl_secs = 3_600, key = "Filter", convert = r#"{ filter.clone() }"#)]
async fn concurrent_async(filter: &Filter) -> Arc<Item> {
    filter.item()
}

pub(super) fn group() -> Group {
    let keys: &'static [Filter] = (0..KEYS).map(Filter::new).collect::<Vec<_>>().leak();
    let contenders = vec![
        peers::limit(keys, Filter::clone),
        calls!("larder sync", keys, |filter| larder_sync(filter)),
        calls!("larder async", keys, async |filter| larder_async(filter)),
        peers::papaya(keys, Filter::clone),
        peers::moka(keys, Filter::clone),
        calls!("cached sync", keys, |filter| cached_sync(filter)),
        calls!("cached async", keys, async |filter| cached_async(filter)),
        calls!("concurrent_cached sync", keys, |filter| concurrent_sync(filter)),
        calls!("concurrent_cached async", keys, async |filter| { concurrent_async(filter) }),
    ];
    Group { name: "filter of 6 fields", contenders }
}
