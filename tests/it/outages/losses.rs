//! A server that loses what it held, or holds what somebody else put there.

use std::time::{Duration, Instant};

use super::scenario::outlive;
use super::{Fault, World};

struct Flushed;

impl Fault for Flushed {
    const NAME: &'static str = "FLUSHALL, ten times";

    async fn strike(&mut self, world: &mut World) {
        world.run("FLUSHALL").await;
    }

    async fn meanwhile(&mut self, world: &mut World) {
        for _ in 1..10 {
            tokio::time::sleep(Duration::from_millis(150)).await;
            world.run("FLUSHALL").await;
        }
    }

    async fn heal(&mut self, _: &mut World) {}
}

struct ScriptsFlushed;

impl Fault for ScriptsFlushed {
    const NAME: &'static str = "SCRIPT FLUSH, again and again";

    async fn strike(&mut self, world: &mut World) {
        world.run("SCRIPT FLUSH SYNC").await;
    }

    async fn meanwhile(&mut self, world: &mut World) {
        let begun = Instant::now();
        while begun.elapsed() < Self::LASTS {
            world.run("SCRIPT FLUSH SYNC").await;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    async fn heal(&mut self, _: &mut World) {}
}

/// Somebody else's keys under every one of our names, of every type, and the clients have to come again.
struct WrongType;

/// Replaces every key by one of another type.
const REPLACE: &str = r"
local fill = {
  function(key) redis.call('HSET', key, 'a', 'b') end,
  function(key) redis.call('RPUSH', key, 'a') end,
  function(key) redis.call('SADD', key, 'a') end,
  function(key) redis.call('SET', key, 'somebody else') end,
}
local keys = redis.call('KEYS', '*')
for at, key in ipairs(keys) do
  redis.call('DEL', key)
  fill[(at + ARGV[1]) % 4 + 1](key)
end
return #keys";

impl WrongType {
    async fn replace(world: &mut World, round: usize) -> u64 {
        let mut replace = redis::cmd("EVAL");
        replace.arg(REPLACE).arg(0).arg(round).query_async(&mut world.admin).await.unwrap()
    }
}

impl Fault for WrongType {
    const NAME: &'static str = "WRONGTYPE under every name";

    async fn strike(&mut self, world: &mut World) {
        assert!(Self::replace(world, 0).await > 5);
    }

    async fn meanwhile(&mut self, world: &mut World) {
        for round in 1..12 {
            tokio::time::sleep(Duration::from_millis(120)).await;
            Self::replace(world, round).await;
            world.drop_clients().await;
        }
    }

    async fn heal(&mut self, _: &mut World) {}
}

/// A memory too small for all, from which the least recently used goes: values and epochs alike.
struct Evicted;

impl Evicted {
    /// Writes until everything that was not used just now has been pushed out.
    async fn press(world: &mut World) {
        let mut fill = redis::cmd("EVAL");
        fill.arg("for i = 1, 64 do redis.call('SET', 'fill:' .. math.random(1e9), string.rep('x', 32768)) end").arg(0);
        let () = fill.query_async(&mut world.admin).await.unwrap();
    }

    async fn epochs(world: &mut World) -> usize {
        let keys: Vec<String> = redis::cmd("KEYS").arg("*@epoch:*").query_async(&mut world.admin).await.unwrap();
        keys.len()
    }
}

impl Fault for Evicted {
    const NAME: &'static str = "eviction by allkeys-lru";

    async fn strike(&mut self, world: &mut World) {
        let used = world.info("used_memory").await;
        world.run("CONFIG SET maxmemory-policy allkeys-lru").await;
        world.run(&format!("CONFIG SET maxmemory {}", used + (2 << 20))).await;
        let (begun, mut most, mut fewer) = (Instant::now(), 0, false);
        while !fewer {
            assert!(begun.elapsed() < Duration::from_secs(20), "no epoch was evicted");
            let before = Self::epochs(world).await;
            most = most.max(before);
            Self::press(world).await;
            fewer = Self::epochs(world).await < most;
        }
    }

    async fn meanwhile(&mut self, world: &mut World) {
        let begun = Instant::now();
        while begun.elapsed() < Self::LASTS {
            Self::press(world).await;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(world.info("evicted_keys").await > 100);
    }

    async fn heal(&mut self, world: &mut World) {
        world.run("CONFIG SET maxmemory 0").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_server_flushed_again_and_again() {
    outlive(Flushed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_server_that_forgets_scripts() {
    outlive(ScriptsFlushed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn somebody_else_s_keys() {
    outlive(WrongType).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn evicted_epochs() {
    outlive(Evicted).await;
}
