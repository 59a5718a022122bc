//! Promise 7: memory is bounded by entries, and a value read from Redis does not outlive its remaining life.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use larder::{HexSha, Larder, hexsha_cached, ttl_cached};

use crate::node::Node;
use crate::server::RedisServer;
use crate::support::{SOON, Source, eventually, memory, node};

#[ttl_cached(entity = "tools", store = memory)]
fn squared(n: u64) -> u64 {
    n.wrapping_mul(n)
}

#[test]
fn a_million_keys_leave_no_more_entries_than_the_capacity() {
    let larder = block_on(Larder::builder().ignore_environment().capacity(5_000).build()).unwrap();
    larder.run(|| {
        for n in 0..1_000_000 {
            assert_eq!(squared(n), n.wrapping_mul(n));
        }
    });
    let counts = larder.stats().total();
    assert_eq!(counts.misses, 1_000_000);
    assert!((1..=5_000).contains(&counts.entries), "{} entries", counts.entries);
}

#[test]
fn an_attribute_s_capacity_bounds_its_function_however_small() {
    #[ttl_cached(entity = "tools", capacity = 1)]
    fn one(n: u64) -> u64 {
        n
    }

    #[ttl_cached(entity = "tools", capacity = 10)]
    fn ten(n: u64) -> u64 {
        n
    }

    let larder = block_on(memory());
    larder.run(|| {
        for n in 0..10_000 {
            assert_eq!((one(n), ten(n)), (n, n));
        }
        let runs = larder.stats().total().misses;
        one(9_999);
        assert!(larder.stats().total().misses - runs <= 1);
    });
    assert!(larder.stats().total().entries <= 11, "{} entries", larder.stats().total().entries);
}

#[tokio::test]
async fn a_value_that_the_server_keeps_too_long_is_a_miss_and_no_error() {
    #[ttl_cached(entity = "tools", ttl = "1s", jitter = 0.0, skip(source))]
    async fn shortly(source: &Source) -> u64 {
        source.read()
    }

    let server = RedisServer::start();
    let (here, source) = (node(&server).await, Source::of(1));
    here.scope(shortly(&source)).await;
    let stored = Instant::now();
    let values = server.values_of("tools").await;
    let [key] = values.as_slice() else { panic!("one value") };
    assert_eq!(server.run::<u64>(&format!("PERSIST {key}")).await, 1, "in time: {:?}", stored.elapsed());

    let there = node(&server).await;
    eventually(SOON, || stored.elapsed() > Duration::from_millis(1_100)).await;
    source.set(2);
    assert_eq!(there.scope(shortly(&source)).await, 2);
    let counts = there.stats().total();
    assert_eq!((counts.misses, counts.errors), (1, 0));
}

struct Config(String);

impl HexSha for Config {
    fn hexsha(&self) -> &str {
        &self.0
    }
}

#[test]
fn a_revision_cache_is_bounded_by_revisions_and_entries() {
    #[hexsha_cached(capacity = 100)]
    fn page(config: &Config, id: u64) -> u64 {
        let _ = config;
        id
    }

    let larder = block_on(memory());
    larder.run(|| {
        for revision in 0..20 {
            let config = Config(format!("revision {revision}"));
            for id in 0..1_000 {
                page(&config, id);
            }
        }
    });
    let entries = larder.stats().total().entries;
    assert!((1..=200).contains(&entries), "{entries} entries of two revisions");
}

#[ttl_cached(entity = "tools", capacity = 100, store = memory, tags("tool:{id}"))]
fn tagged(id: u64) -> u64 {
    id
}

/// Meets very many names; returns by how many bytes this process has grown.
pub(crate) async fn meet_many_names() -> u64 {
    let larder = memory().await;
    let begin = resident();
    larder.run(|| {
        for id in 0..150_000 {
            tagged(id);
        }
    });
    for id in 0..100_000 {
        let _ = larder.invalidate(format!("thing:{id}")).await.unwrap();
    }
    assert!(larder.stats().entities.len() < 2_000);
    resident().saturating_sub(begin)
}

#[test]
fn hundreds_of_thousands_of_names_do_not_fill_memory() {
    let grown: u64 = Node::with(&[]).ask("meet many names").parse().unwrap();
    // Held for ever, they would take seventy megabytes.
    assert!(grown < 30 << 20, "{} MB more", grown >> 20);
}

/// Which of too many keys stay in a small memory: each of its parts has room for a few, and a key's hash says in which it lies.
pub(crate) async fn survivors() -> String {
    #[ttl_cached(entity = "tools", capacity = 400, store = memory)]
    fn small(id: u64) -> u64 {
        id
    }

    let larder = memory().await;
    let hits = || larder.stats().total().hits_memory;
    larder.run(|| {
        for id in 0..400 {
            small(id);
        }
        let survives = |id: u64| {
            let before = hits();
            small(id);
            if hits() > before { '1' } else { '0' }
        };
        // From the last one on: what is missing is stored again, and pushes out what was asked for already.
        (0..400).rev().map(survives).collect()
    })
}

/// Who knew the hashes could send keys that all fall together. Nobody does: each memory draws its own.
#[tokio::test]
async fn no_two_memories_hash_alike() {
    let [here, again, there, elsewhere] =
        [survivors().await, survivors().await, Node::with(&[]).ask("survivors"), Node::with(&[]).ask("survivors")];
    let all = BTreeSet::from([&here, &again, &there, &elsewhere]);
    assert!(here.contains('1') && here.contains('0'), "it says nothing: {here}");
    assert_eq!(all.len(), 4, "{all:#?}");
}

#[tokio::test]
async fn a_value_read_from_redis_lives_no_longer_than_it_has_left() {
    #[ttl_cached(entity = "tools", skip(source), ttl = "1500ms", jitter = 0)]
    async fn tool(source: &Source) -> u64 {
        source.read()
    }

    let server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    let source = Source::of(1);
    a.scope(tool(&source)).await;
    let stored = Instant::now();
    source.set(2);
    tokio::time::sleep_until((stored + Duration::from_millis(1_000)).into()).await;
    assert_eq!(b.scope(tool(&source)).await, 1, "read from Redis");
    assert_eq!(source.runs(), 1);
    tokio::time::sleep_until((stored + Duration::from_millis(1_550)).into()).await;
    assert_eq!(b.scope(tool(&source)).await, 2);
}

#[tokio::test]
async fn stored_values_expire_in_redis_too() {
    #[ttl_cached(entity = "tools", ttl = "100s")]
    async fn tool(id: u64) -> u64 {
        id
    }

    let server = RedisServer::start();
    let larder = node(&server).await;
    larder.scope(tool(1)).await;
    let keys = server.values_of("tools").await;
    assert_eq!(keys.len(), 1);
    let life: i64 = server.run(&format!("PTTL {}", keys[0])).await;
    assert!((80_000..=100_000).contains(&life), "{life} ms");
    for key in server.keys().await {
        let life: i64 = server.run(&format!("PTTL {}", String::from_utf8_lossy(&key))).await;
        assert!(life > 0, "{} never expires", String::from_utf8_lossy(&key));
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Bytes of memory in use by this process.
pub(crate) fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}
