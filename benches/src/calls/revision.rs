//! Hits under a configuration's revision of 40 hex digits.

use std::sync::{Arc, LazyLock};

use arc_swap::ArcSwap;
use cached::macros::once;
use larder::{HexSha, hexsha_cached};

use super::{CAPACITY, Item, calls};
use crate::rounds::{Contender, Group};

struct Config {
    commit: String,
}

impl HexSha for Config {
    fn hexsha(&self) -> &str {
        &self.commit
    }
}

#[hexsha_cached]
fn larder_sync(config: &Config) -> Arc<Item> {
    Item::new(config.commit.len() as u64)
}

#[hexsha_cached]
async fn larder_async(config: &Config) -> Arc<Item> {
    Item::new(config.commit.len() as u64)
}

#[hexsha_cached]
fn larder_host_sync(config: &Config, host: &str) -> Arc<Item> {
    Item::new((config.commit.len() + host.len()) as u64)
}

#[hexsha_cached]
async fn larder_host_async(config: &Config, host: &str) -> Arc<Item> {
    Item::new((config.commit.len() + host.len()) as u64)
}

/// Knows no revision: what the answer costs where nothing is compared.
#[once]
fn cached_once(config: &Config) -> Arc<Item> {
    Item::new(config.commit.len() as u64)
}

fn configs() -> &'static [Config] {
    vec![Config { commit: "0123456789abcdef0123456789abcdef01234567".to_owned() }].leak()
}

struct Snapshot<T> {
    commit: String,
    value: T,
}

pub(super) fn group() -> Group {
    static SNAPSHOT: LazyLock<ArcSwap<Snapshot<Arc<Item>>>> =
        LazyLock::new(|| ArcSwap::from_pointee(Snapshot { commit: configs()[0].commit.clone(), value: Item::new(0) }));
    let configs = configs();
    let mut cache = arc_swap::Cache::new(&*SNAPSHOT);
    let own_cache = Contender::new("arc_swap::Cache + compare + Arc", move |calls| {
        for _ in 0..calls {
            let config = std::hint::black_box(&configs[0]);
            let snapshot = cache.load();
            std::hint::black_box((snapshot.commit == config.commit).then(|| Arc::clone(&snapshot.value)));
        }
    });
    let contenders = vec![
        calls!("limit: ArcSwap load + compare + Arc", configs, |config| {
            let snapshot = SNAPSHOT.load();
            (snapshot.commit == config.commit).then(|| Arc::clone(&snapshot.value))
        }),
        own_cache,
        calls!("larder sync", configs, |config| larder_sync(config)),
        calls!("larder async", configs, async |config| larder_async(config)),
        calls!("cached #[once] (no revision)", configs, |config| cached_once(config)),
    ];
    Group { name: "revision", contenders }
}

pub(super) fn group_with_argument() -> Group {
    type Hosts = quick_cache::sync::Cache<String, Arc<Item>, quick_cache::UnitWeighter, foldhash::fast::RandomState>;
    static SNAPSHOT: LazyLock<ArcSwap<Snapshot<Hosts>>> = LazyLock::new(|| {
        let hosts = Hosts::with(CAPACITY, CAPACITY as u64, Default::default(), Default::default(), Default::default());
        hosts.insert(HOST.to_owned(), Item::new(0));
        ArcSwap::from_pointee(Snapshot { commit: configs()[0].commit.clone(), value: hosts })
    });
    const HOST: &str = "id.example.org";
    let configs = configs();
    let host = || std::hint::black_box(HOST);
    let contenders = vec![
        calls!("limit: ArcSwap load + compare + quick_cache", configs, |config| {
            let snapshot = SNAPSHOT.load();
            (snapshot.commit == config.commit).then(|| snapshot.value.get(host()))
        }),
        calls!("larder sync", configs, |config| larder_host_sync(config, host())),
        calls!("larder async", configs, async |config| larder_host_async(config, host())),
    ];
    Group { name: "revision and &str", contenders }
}
