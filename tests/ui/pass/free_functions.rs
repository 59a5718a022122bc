//! Free functions, sync and async, with every argument.
#![deny(warnings, missing_docs, rust_2018_idioms, unreachable_pub, unsafe_code, unused_qualifications)]
#![deny(closure_returning_async_block, let_underscore_drop, redundant_lifetimes, trivial_casts, unit_bindings)]
#![deny(unused_import_braces, unused_lifetimes, unused_results, variant_size_differences)]

use std::time::Duration;

use larder::{HexSha, Leadership, Revisioned, hexsha_cached, invalidates, leader, ttl_cached};
use serde::{Deserialize, Serialize};

const MANY: usize = 64;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Tool {
    id: u32,
    team: String,
}

#[derive(Debug, PartialEq, Eq)]
struct Fault;

impl From<larder::Error> for Fault {
    fn from(_: larder::Error) -> Self {
        Self
    }
}

type Answer<T> = Result<T, Fault>;

/// One tool.
#[ttl_cached(
    entity = "tools",
    ttl = "1m30s",
    skip(_db),
    tags("tool:{id}", ("team", ret.team.len()), "{{braces}}"),
    when = id > 0,
    store_if = |tool| !tool.team.is_empty(),
    capacity = MANY,
    store = tiered,
    jitter = 0.2,
    coherence = strict,
    single_flight = off,
    version = 3,
    crate = ::larder,
)]
pub(crate) async fn tool(_db: &str, id: u32, team: &str) -> Answer<Tool> {
    if id == 7 {
        return Err(Fault);
    }
    let team = Some(team.to_owned()).ok_or(Fault)?;
    Ok(Tool { id, team })
}

#[ttl_cached(entity = "tools", ttl = life, skip(life), store = memory)]
fn twice(id: u32, life: Duration) -> u32 {
    id * 2
}

#[ttl_cached(entity = "tools", key(id, team.len()))]
fn nothing(id: u32, team: &str) {
    assert!(id as usize >= team.len());
}

#[hexsha_cached]
async fn issuer(config: &Revisioned<String>, host: &str) -> String {
    format!("{host}/{}", **config)
}

#[hexsha_cached(revision = config.hexsha(), skip(_db), keep = 3, capacity = 10, when = !host.is_empty(), store = tiered)]
fn page(config: &Revisioned<String>, _db: u8, host: &str) -> Option<String> {
    Some(format!("{host}/{}", **config))
}

#[invalidates("tools", "tool:{id}", ("team", ret.team), on = always, phase = after)]
async fn rename(id: u32, team: String) -> Answer<Tool> {
    Ok(Tool { id, team })
}

#[invalidates("tools")]
fn names(names: &[String]) -> impl Iterator<Item = &String> {
    names.iter()
}

#[leader("nightly", ttl = "30s", grace = 0, renew = true, on_err = grace, on_unavailable = error, mode = skip)]
async fn nightly(runs: &mut u32) -> Answer<Option<u32>> {
    *runs += 1;
    Ok(Some(*runs))
}

#[leader(key = ("sync", id), ttl = Duration::from_secs(u64::from(id)))]
fn sync(id: u32) -> Leadership<u32> {
    Leadership::Led(id)
}

#[leader("sync:{id}", ttl = 30, mode = wait(Duration::from_millis(5)), min_replicas = 1)]
async fn silent(id: u32) {
    assert_eq!(id, 1);
}

fn main() {
    pollster::block_on(async {
        for _ in 0..2 {
            assert_eq!(tool("db", 7, "a").await, Err(Fault));
            assert_eq!(tool("db", 1, "a").await, Ok(Tool { id: 1, team: String::from("a") }));
            assert_eq!(twice(2, Duration::from_secs(9)), 4);
            nothing(1, "a");
            let config = Revisioned::new(String::from("x"));
            assert_eq!(issuer(&config, "host").await, "host/x");
            assert_eq!(page(&config, 1, "host").as_deref(), Some("host/x"));
        }
        assert!(rename(1, String::new()).await.is_ok());
        assert_eq!(names(&[String::new()]).count(), 1);
        assert_eq!(nightly(&mut 1).await, Ok(Some(2)));
        assert_eq!(sync(3), Leadership::Led(3));
        silent(1).await;
    });
}
