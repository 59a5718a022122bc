//! What a hit in Redis and the end of an entity cost, beside the client alone on the same bytes.

use std::collections::BTreeMap;
use std::env;
use std::process::Command;
use std::time::{Duration, Instant};

use cached::macros::concurrent_cached;
use larder::{Larder, ttl_cached};
use larder_benches::redis_server::RedisServer;
use larder_benches::rounds::{quantile, verdict};
use redis::aio::MultiplexedConnection;
use serde::{Deserialize, Serialize};

/// Names the part that a child process runs, and where its server is.
const PART: &str = "BENCH_PART";
const SERVER: &str = "BENCH_SERVER";

fn main() {
    let Ok(part) = env::var(PART) else { return parent() };
    match part.as_str() {
        "current_thread" => hits(tokio::runtime::Builder::new_current_thread()),
        "multi_thread" => hits(tokio::runtime::Builder::new_multi_thread()),
        _ => runtime(tokio::runtime::Builder::new_multi_thread()).block_on(invalidation()),
    }
}

/// Each part in a process of its own: `cached` keeps its connection in a static, bound to one runtime.
fn parent() {
    for part in ["current_thread", "multi_thread", "invalidation"] {
        let server = RedisServer::start();
        let own = env::current_exe().expect("the path of this program");
        let status = Command::new(own).env(PART, part).env(SERVER, server.url()).status().expect("a child process");
        assert!(status.success(), "{part} failed");
    }
}

fn url() -> String {
    env::var(SERVER).expect("the parent names the server")
}

fn runtime(mut builder: tokio::runtime::Builder) -> tokio::runtime::Runtime {
    builder.worker_threads(2).enable_all().build().expect("a tokio runtime")
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Tool {
    id: u64,
    name: String,
    description: String,
    tags: Vec<String>,
    enabled: bool,
    score: f64,
}

/// As many tools as make a payload of about this many bytes, of words that are not all the same.
fn tools(bytes: usize) -> Vec<Tool> {
    const WORDS: [&str; 16] = [
        "gateway", "resource", "prompt", "server", "registry", "token", "search", "vector", "index", "agent", "schema",
        "payload", "retry", "budget", "shard", "tenant",
    ];
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut word = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let number = (state >> 33) as usize;
        format!("{}{}", WORDS[number % WORDS.len()], number % 1_000)
    };
    let mut words = move |count: usize| (0..count).map(|_| word()).collect::<Vec<_>>();
    let mut tools = Vec::new();
    while rmp_serde::to_vec_named(&tools).map_or(0, |bytes| bytes.len()) < bytes {
        let id = tools.len() as u64;
        let (name, description) = (words(2).join("-"), words(14).join(" "));
        tools.push(Tool {
            id,
            name,
            description,
            tags: words(3),
            enabled: id.is_multiple_of(2),
            score: id as f64 / 7.0,
        });
    }
    tools
}

#[ttl_cached(entity = "tools", ttl = "1h", store = redis)]
async fn larder_tools(bytes: usize) -> Vec<Tool> {
    tools(bytes)
}

#[ttl_cached(entity = "tools", ttl = "1h", store = redis)]
async fn larder_shared_tools(bytes: usize) -> std::sync::Arc<Vec<Tool>> {
    std::sync::Arc::new(tools(bytes))
}

#[ttl_cached(entity = "tools", ttl = "1h")]
async fn larder_tracked(id: u64) -> std::sync::Arc<u64> {
    std::sync::Arc::new(id)
}

#[concurrent_cached(
    map_error = r##"|error| error.to_string()"##,
    ty = "cached::AsyncRedisCache<usize, Vec<Tool>>",
    create = r##"{
        cached::AsyncRedisCache::builder("tools")
            .ttl(Duration::from_secs(3_600))
            .connection_string(&url())
            .build()
            .await
            .expect("cached connects")
    }"##
)]
async fn cached_tools(bytes: usize) -> Result<Vec<Tool>, String> {
    Ok(tools(bytes))
}

/// Every way answers once per round, one after the other.
const ROUNDS: usize = 4_000;

#[derive(Default)]
struct Micros(Vec<f64>);

impl Micros {
    fn since(&mut self, begun: Instant) {
        self.0.push(begun.elapsed().as_nanos() as f64 / 1_000.0);
    }

    fn at(&self, share: f64) -> f64 {
        quantile(self.0.iter().copied(), share)
    }

    fn show(&self, name: &str) {
        println!("  {name:<60} {:>8.1} {:>8.1}", self.at(0.5), self.at(0.99));
    }
}

fn hits(builder: tokio::runtime::Builder) {
    let runtime = runtime(builder);
    let flavor = env::var(PART).unwrap_or_default();
    runtime.block_on(async {
        let larder = Larder::builder().ignore_environment().redis(url()).build().await.expect("an instance");
        larder.install().expect("the first instance");
        for (size, bytes) in [("1 KiB", 1_024), ("64 KiB", 65_536)] {
            println!("\n{:<62} {:>8} {:>8}", format!("{size} from Redis, {flavor}, us"), "p50", "p99");
            tokio::spawn(compare(bytes)).await.expect("no panic");
        }
        let mut begun = Instant::now();
        for round in 0..200_000 {
            if round == 100_000 {
                begun = Instant::now();
            }
            std::hint::black_box(larder_tracked(round % 64).await);
        }
        println!("\n  a hit in memory while Redis is tracked: {:.0} ns", begun.elapsed().as_nanos() as f64 / 100_000.0);
    });
}

/// The stored bytes of the one key of this size that larder wrote.
async fn stored(connection: &mut MultiplexedConnection, function: &str, not: &[String]) -> (String, Vec<u8>) {
    let keys: Vec<String> =
        redis::cmd("KEYS").arg(format!("larder:*{function}-*")).query_async(connection).await.expect("KEYS");
    let key = keys.into_iter().find(|key| !not.contains(key)).expect("the key that larder wrote");
    let bytes = redis::cmd("GET").arg(&key).query_async(connection).await.expect("GET");
    (key, bytes)
}

async fn compare(bytes: usize) {
    let client = redis::Client::open(url()).expect("an address");
    let mut connection = client.get_multiplexed_async_connection().await.expect("a connection");
    let seen: Vec<String> = redis::cmd("KEYS").arg("larder:*").query_async(&mut connection).await.expect("KEYS");
    let expected = larder_tools(bytes).await;
    // A write to Redis may end after the call.
    tokio::time::sleep(Duration::from_millis(50)).await;
    let (key, envelope) = stored(&mut connection, "larder_tools", &seen).await;
    let payload = rmp_serde::to_vec_named(&expected).expect("a payload");
    let _: () = redis::cmd("SET").arg("plain").arg(&payload).query_async(&mut connection).await.expect("SET");
    for _ in 0..200 {
        assert_eq!(larder_tools(bytes).await, expected);
        assert_eq!(*larder_shared_tools(bytes).await, expected);
        assert_eq!(cached_tools(bytes).await.as_ref(), Ok(&expected));
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let before = commands(&mut connection).await;
    for _ in 0..100 {
        std::hint::black_box(larder_tools(bytes).await);
    }
    let sent = sent(&before, &commands(&mut connection).await);

    let mut elsewhere = elsewhere().await;
    let [mut raw, mut apart, mut plain, mut own, mut shared, mut peer] = [(); 6].map(|()| Micros::default());
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let read: Vec<u8> = redis::cmd("GET").arg(&key).query_async(&mut elsewhere).await.expect("GET");
        let decoded: Vec<Tool> = rmp_serde::from_slice(&payload).expect("a payload");
        std::hint::black_box((read, decoded));
        apart.since(begun);

        let begun = Instant::now();
        let read: Vec<u8> = redis::cmd("GET").arg(&key).query_async(&mut connection).await.expect("GET");
        let decoded: Vec<Tool> = rmp_serde::from_slice(&payload).expect("a payload");
        std::hint::black_box((read, decoded));
        raw.since(begun);

        let begun = Instant::now();
        std::hint::black_box(larder_tools(bytes).await);
        own.since(begun);

        let begun = Instant::now();
        let read: Vec<u8> = redis::cmd("GET").arg("plain").query_async(&mut connection).await.expect("GET");
        let decoded: Vec<Tool> = rmp_serde::from_slice(&read).expect("a payload");
        std::hint::black_box(decoded);
        plain.since(begun);

        let begun = Instant::now();
        std::hint::black_box(larder_shared_tools(bytes).await);
        shared.since(begun);

        let begun = Instant::now();
        std::hint::black_box(cached_tools(bytes).await.is_ok());
        peer.since(begun);
    }
    apart.show("limit: GET + decode, the connection on its own thread");
    raw.show("GET + decode, the connection on this runtime");
    plain.show("GET of the bare payload + decode");
    own.show("larder, returns Vec<Tool>");
    shared.show("larder, returns Arc<Vec<Tool>>");
    peer.show("cached, AsyncRedisCache");
    println!("  payload {} bytes, stored as {} bytes; 100 hits sent {sent:?}\n", payload.len(), envelope.len());
    verdict("larder p50 / limit p50", own.at(0.5) / apart.at(0.5), 1.15);
    verdict("larder (Arc) p50 / limit p50", shared.at(0.5) / apart.at(0.5), 1.15);
    verdict("larder p99 / limit p99", own.at(0.99) / apart.at(0.99), 1.15);
    verdict("larder p50 / GET on this runtime p50", own.at(0.5) / raw.at(0.5), 1.15);
    verdict("larder p50 / cached p50", own.at(0.5) / peer.at(0.5), 1.0);
}

/// A connection of larder's type: RESP3, driven by a thread of its own, so that it outlives the runtime of its callers.
async fn elsewhere() -> MultiplexedConnection {
    let (give, take) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a tokio runtime");
        runtime.block_on(async move {
            let client = redis::Client::open(format!("{}?protocol=resp3", url())).expect("an address");
            let _ = give.send(client.get_multiplexed_async_connection().await.expect("a connection"));
            std::future::pending::<()>().await;
        });
    });
    take.await.expect("a connection")
}

/// How often the server ran each command.
async fn commands(connection: &mut MultiplexedConnection) -> BTreeMap<String, u64> {
    let info: String = redis::cmd("INFO").arg("commandstats").query_async(connection).await.expect("INFO");
    let rows = info.lines().filter_map(|line| {
        let (name, counts) = line.strip_prefix("cmdstat_")?.split_once(':')?;
        let calls = counts.strip_prefix("calls=")?.split(',').next()?.parse().ok()?;
        Some((name.to_owned(), calls))
    });
    rows.collect()
}

/// What was run in between, but the heartbeats (TIME) and this question (INFO).
fn sent(before: &BTreeMap<String, u64>, after: &BTreeMap<String, u64>) -> BTreeMap<String, u64> {
    let grown = after.iter().map(|(name, calls)| (name.clone(), calls - before.get(name).unwrap_or(&0)));
    grown.filter(|(name, calls)| *calls > 0 && !["time", "info"].contains(&name.as_str())).collect()
}

const ENTRIES: u32 = 100_000;

#[ttl_cached(entity = "bulk", ttl = "1h", capacity = 400_000)]
async fn bulk(id: u32) -> u32 {
    id
}

async fn invalidation() {
    let larder = Larder::builder().ignore_environment().redis(url()).build().await.expect("an instance");
    larder.install().expect("the first instance");
    let client = redis::Client::open(url()).expect("an address");
    let mut connection = client.get_multiplexed_async_connection().await.expect("a connection");
    let begun = Instant::now();
    for first in (0..ENTRIES).step_by(500) {
        let calls: Vec<_> = (first..first + 500).map(|id| tokio::spawn(bulk(id))).collect();
        for call in calls {
            call.await.expect("no panic");
        }
    }
    let filled = begun.elapsed();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let entries: u64 = larder::stats().functions.values().map(|counts| counts.entries).sum();
    let keys: u64 = redis::cmd("DBSIZE").query_async(&mut connection).await.expect("DBSIZE");

    let before = commands(&mut connection).await;
    let begun = Instant::now();
    let receipt = larder::invalidate("bulk").await.expect("a name");
    let first = begun.elapsed();
    let after = commands(&mut connection).await;
    assert!(receipt.is_applied(), "Redis confirmed it");

    let (mut own, mut raw) = (Micros::default(), Micros::default());
    for _ in 0..2_000 {
        let begun = Instant::now();
        let _ = larder::invalidate("bulk").await;
        own.since(begun);
        let begun = Instant::now();
        let _: String = redis::cmd("PING").query_async(&mut connection).await.expect("PING");
        raw.since(begun);
    }
    println!(
        "\nend of an entity with {entries} entries in memory, {keys} keys in Redis (filled in {:.1} s)",
        filled.as_secs_f64()
    );
    println!(
        "  the first end: {:.0} us; commands at the server: {:?}",
        first.as_nanos() as f64 / 1_000.0,
        sent(&before, &after)
    );
    println!("  {:<60} {:>8} {:>8}", "us", "p50", "p99");
    own.show("larder::invalidate");
    raw.show("one PING, the bare round trip");
    println!("  one script call (eval) is one round trip; get, set and time under it are the script's own\n");
}
