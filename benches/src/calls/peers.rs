//! What a hit costs at least: a concurrent map looked up by a borrowed key, a clock, an `Arc`; and `moka`.

use std::hash::Hash;
use std::sync::Arc;

use coarsetime::{Duration, Instant};
use equivalent::Equivalent;
use foldhash::fast::RandomState;
use quick_cache::UnitWeighter;
use quick_cache::sync::DefaultLifecycle;

use super::{CAPACITY, Item, calls};
use crate::rounds::Contender;

fn deadline() -> Instant {
    Instant::now() + Duration::from_secs(3_600)
}

/// `quick_cache`, the coarse clock, an `Arc`: what nothing that is bounded and has a ttl can beat by much.
pub(super) fn limit<K, Q>(keys: &'static [Q], own: impl Fn(&Q) -> K) -> Contender
where
    K: Eq + Hash + 'static,
    Q: Equivalent<K> + Hash + Sync,
{
    let cache: quick_cache::sync::Cache<K, (Arc<Item>, Instant), UnitWeighter, RandomState> =
        quick_cache::sync::Cache::with(
            CAPACITY,
            CAPACITY as u64,
            UnitWeighter,
            RandomState::default(),
            DefaultLifecycle::default(),
        );
    for (id, key) in (0..).zip(keys) {
        cache.insert(own(key), (Item::new(id), deadline()));
    }
    calls!("limit: quick_cache + coarse clock + Arc", keys, |key| {
        cache.get(key).filter(|(_, deadline)| Instant::now() < *deadline).map(|(item, _)| item)
    })
}

/// `papaya`, the coarse clock, an `Arc`: a map without a bound.
pub(super) fn papaya<K, Q>(keys: &'static [Q], own: impl Fn(&Q) -> K) -> Contender
where
    K: Eq + Hash + 'static,
    Q: Equivalent<K> + Hash + Sync,
{
    let map: papaya::HashMap<K, (Arc<Item>, Instant), RandomState> =
        papaya::HashMap::with_hasher(RandomState::default());
    for (id, key) in (0..).zip(keys) {
        map.pin().insert(own(key), (Item::new(id), deadline()));
    }
    calls!("papaya + coarse clock + Arc", keys, |key| {
        map.pin().get(key).filter(|(_, deadline)| Instant::now() < *deadline).map(|(item, _)| Arc::clone(item))
    })
}

/// `moka` with a ttl.
pub(super) fn moka<K, Q>(keys: &'static [Q], own: impl Fn(&Q) -> K) -> Contender
where
    K: Eq + Hash + Send + Sync + 'static,
    Q: Equivalent<K> + Hash + Sync,
{
    let cache = ::moka::sync::Cache::builder()
        .max_capacity(CAPACITY as u64)
        .time_to_live(std::time::Duration::from_secs(3_600))
        .build();
    for (id, key) in (0..).zip(keys) {
        cache.insert(own(key), Item::new(id));
    }
    calls!("moka sync, ttl", keys, |key| cache.get(key))
}
