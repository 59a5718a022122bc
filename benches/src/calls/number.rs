//! Hits by a `u64`.

use std::sync::Arc;

use cached::macros::{cached, concurrent_cached};
use larder::ttl_cached;

use super::{Item, KEYS, calls, peers};
use crate::rounds::Group;

#[ttl_cached(entity = "items", ttl = "1h")]
fn larder_sync(id: u64) -> Arc<Item> {
    Item::new(id)
}

#[ttl_cached(entity = "items", ttl = "1h")]
async fn larder_async(id: u64) -> Arc<Item> {
    Item::new(id)
}

#[cached(max_size = 10_000, ttl_secs = 3_600)]
fn cached_sync(id: u64) -> Arc<Item> {
    Item::new(id)
}

#[cached(max_size = 10_000, ttl_secs = 3_600)]
async fn cached_async(id: u64) -> Arc<Item> {
    Item::new(id)
}

#[concurrent_cached(max_size = 10_000, ttl_secs = 3_600)]
fn concurrent_sync(id: u64) -> Arc<Item> {
    Item::new(id)
}

#[concurrent_cached(max_size = 10_000, ttl_secs = 3_600)]
async fn concurrent_async(id: u64) -> Arc<Item> {
    Item::new(id)
}

pub(super) fn group() -> Group {
    let keys: &'static [u64] = (0..KEYS).collect::<Vec<_>>().leak();
    let scoped =
        pollster::block_on(larder::Larder::builder().ignore_environment().build()).expect("an instance in memory");
    let mut in_scope = calls!("larder sync, in a scope", keys, |id| larder_sync(*id));
    let contenders = vec![
        peers::limit(keys, |id| *id),
        calls!("larder sync", keys, |id| larder_sync(*id)),
        calls!("larder async", keys, async |id| larder_async(*id)),
        crate::rounds::Contender::new("larder sync, in a scope", move |calls| scoped.run(|| (in_scope.run)(calls))),
        peers::papaya(keys, |id| *id),
        peers::moka(keys, |id| *id),
        calls!("cached sync", keys, |id| cached_sync(*id)),
        calls!("cached async", keys, async |id| cached_async(*id)),
        calls!("concurrent_cached sync", keys, |id| concurrent_sync(*id)),
        calls!("concurrent_cached async", keys, async |id| concurrent_async(*id)),
    ];
    Group { name: "u64", contenders }
}
