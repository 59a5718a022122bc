//! Promise 8, in Redis: names are never patterns, arguments are never in clear, foreign bytes are a miss.

use larder::{Larder, ttl_cached};
use serde::{Deserialize, Serialize};

use crate::server::RedisServer;
use crate::support::{SOON, Source, eventually_async, memory, node};

#[ttl_cached(entity = "tool", skip(source))]
async fn tool(source: &Source) -> u64 {
    source.read()
}

#[ttl_cached(entity = "tools", skip(source))]
async fn tools(source: &Source) -> u64 {
    source.read()
}

#[ttl_cached(entity = "by-id", skip(source), tags("id:{id}", ("of", id)))]
async fn by_id(source: &Source, id: &str) -> u64 {
    let _ = id;
    source.read()
}

const ODD: [&str; 9] = ["*", "*@x.io", "a*", "?", "[ab]", "a:b", "a\nb", "\u{fc}n\u{ef}", " "];

async fn only_what_was_named(larder: &Larder) {
    let (one, many) = (Source::of(1), Source::of(1));
    larder.scope(tool(&one)).await;
    larder.scope(tools(&many)).await;
    let _ = larder.invalidate("tool").await.unwrap();
    larder.scope(tool(&one)).await;
    larder.scope(tools(&many)).await;
    assert_eq!((one.runs(), many.runs()), (2, 1), "`tool` is not `tools`");
    for name in ["t*", "*", "tool*", "TOOLS", "tools "] {
        let _ = larder.invalidate(name).await.unwrap();
    }
    larder.scope(tools(&many)).await;
    assert_eq!(many.runs(), 1, "nothing is globbed");

    let source = Source::of(1);
    for id in ODD {
        larder.scope(by_id(&source, id)).await;
    }
    for (ended, id) in ODD.into_iter().enumerate() {
        let before = source.runs();
        let _ = larder.invalidate(format!("id:{id}")).await.unwrap();
        for id in ODD {
            larder.scope(by_id(&source, id)).await;
        }
        assert_eq!(source.runs(), before + 1, "{ended}: {id:?} ended not exactly its own");
    }
}

#[tokio::test]
async fn an_invalidation_ends_exactly_what_it_names() {
    only_what_was_named(&memory().await).await;
}

#[tokio::test]
async fn an_invalidation_ends_exactly_what_it_names_over_redis() {
    let server = RedisServer::start();
    only_what_was_named(&node(&server).await).await;
}

#[tokio::test]
async fn odd_tags_reach_the_other_process() {
    let server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    let source = Source::of(1);
    for (value, id) in ODD.into_iter().enumerate() {
        a.scope(by_id(&source, id)).await;
        let value = value as u64 + 2;
        source.set(value);
        let _ = b.invalidate(format!("of:{id}")).await.unwrap();
        eventually_async(SOON, id, async || a.scope(by_id(&source, id)).await == value).await;
    }
}

#[tokio::test]
async fn arguments_odd_tags_and_lease_keys_never_reach_redis_in_clear() {
    #[derive(Clone, Serialize, Deserialize)]
    struct Answer {
        rows: u64,
    }

    #[ttl_cached(entity = "people", skip(source), tags("mail:{mail}"))]
    async fn person(source: &Source, mail: &str, secret: &str) -> Answer {
        let _ = (mail, secret);
        larder::tag(format!("seen by {mail}"));
        Answer { rows: source.read() }
    }

    #[larder::leader(("mail", mail), ttl = "30s")]
    async fn notify(mail: &str) {
        let keys = mail.len();
        assert!(keys > 0);
    }

    let server = RedisServer::start();
    let larder = node(&server).await;
    let source = Source::of(1);
    let before = server.keys().await.len();
    larder.scope(person(&source, "bob@x.io", "hunter2")).await;
    larder.scope(notify("bob@x.io")).await;
    eventually_async(SOON, "stored", async || server.keys().await.len() > before).await;
    let mut raw = server.raw().await;
    for key in server.keys().await {
        let dump: Option<Vec<u8>> = redis::cmd("DUMP").arg(&key).query_async(&mut raw).await.unwrap();
        let mut all = key.clone();
        all.extend(dump.unwrap_or_default());
        let text = String::from_utf8_lossy(&all);
        for hidden in ["bob", "x.io", "hunter2"] {
            assert!(!text.contains(hidden), "{hidden} in {text:?}");
        }
    }
    assert_eq!(server.values_of("people").await.len(), 1, "the entity can be read");
}

#[tokio::test]
async fn numbers_beyond_2_to_53_and_bytes_of_every_kind_come_back_from_redis_as_they_were() {
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    enum Kind {
        Unit,
        Tuple(i64, f64),
        Struct { text: String, nothing: Option<()> },
    }

    type Everything = (u64, i64, u128, f64, Option<String>, Vec<u8>, Vec<Kind>, std::collections::BTreeMap<u64, char>);

    #[ttl_cached(entity = "values", skip(source))]
    async fn values(source: &Source) -> Everything {
        source.read();
        let kinds = vec![
            Kind::Unit,
            Kind::Tuple(i64::MIN, f64::MIN_POSITIVE),
            Kind::Struct { text: "\u{1f600}\0".to_owned(), nothing: None },
        ];
        let map = std::collections::BTreeMap::from([(u64::MAX, '\u{10ffff}'), ((1 << 53) + 1, '\0')]);
        (u64::MAX, i64::MIN, u128::MAX, -0.0, Some(String::new()), (0..=255).collect(), kinds, map)
    }

    let server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    let source = Source::default();
    let (computed, read) = (a.scope(values(&source)).await, b.scope(values(&source)).await);
    assert_eq!(source.runs(), 1, "the second was read from Redis");
    assert_eq!(read.3.to_bits(), computed.3.to_bits());
    assert_eq!(computed, read);
}

#[tokio::test]
async fn what_redis_gives_back_is_what_was_computed_also_where_a_codec_cannot_tell_some_from_none() {
    #[ttl_cached(entity = "options", skip(source))]
    async fn nested(source: &Source) -> Option<Option<u32>> {
        source.read();
        Some(None)
    }

    #[ttl_cached(entity = "options", skip(source))]
    async fn unit(source: &Source) -> Option<()> {
        source.read();
        Some(())
    }

    let server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    let source = Source::default();
    for larder in [a, b] {
        assert_eq!((larder.scope(nested(&source)).await, larder.scope(unit(&source)).await), (Some(None), Some(())));
    }
}

/// Every way in which the bytes under a key can be wrong.
fn garbage(stored: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut all = vec![("empty".to_owned(), Vec::new()), ("text".to_owned(), b"\"json\"".to_vec())];
    all.extend((1..stored.len()).step_by(7).map(|length| (format!("cut at {length}"), stored[..length].to_vec())));
    for at in (0..stored.len()).step_by(5) {
        let mut flipped = stored.to_vec();
        flipped[at] ^= 0x10;
        all.push((format!("bit flipped at {at}"), flipped));
    }
    all.push(("longer".to_owned(), [stored, b"x"].concat()));
    all.push(("nested".to_owned(), vec![0x91; 200_000]));
    all
}

#[tokio::test]
async fn bytes_that_are_no_value_are_a_miss_and_are_counted() {
    let server = RedisServer::start();
    let writer = node(&server).await;
    let source = Source::of(1);
    writer.scope(tool(&source)).await;
    let key = server.values_of("tool").await.remove(0);
    let mut raw = server.raw().await;
    let stored: Vec<u8> = redis::cmd("GET").arg(&key).query_async(&mut raw).await.unwrap();
    for (what, bytes) in garbage(&stored) {
        let reader = node(&server).await;
        let () = redis::cmd("SET").arg(&key).arg(bytes).query_async(&mut raw).await.unwrap();
        let runs = source.runs();
        assert_eq!(reader.scope(tool(&source)).await, 1, "{what}");
        assert_eq!(source.runs(), runs + 1, "{what}: not a miss");
        assert!(reader.stats().total().errors > 0, "{what}: not counted");
    }
}

#[tokio::test]
async fn a_key_of_another_type_is_a_miss_and_is_replaced() {
    let server = RedisServer::start();
    let source = Source::of(1);
    node(&server).await.scope(tool(&source)).await;
    let key = server.values_of("tool").await.remove(0);
    for other in [format!("HSET {key} a b"), format!("SADD {key} a"), format!("RPUSH {key} a")] {
        let _: u64 = server.run(&format!("DEL {key}")).await;
        let _: redis::Value = server.run(&other).await;
        let (reader, next) = (node(&server).await, node(&server).await);
        let runs = source.runs();
        assert_eq!(reader.scope(tool(&source)).await, 1);
        assert_eq!(source.runs(), runs + 1);
        assert!(reader.stats().total().errors > 0, "{other}: not counted");
        next.scope(tool(&source)).await;
        assert_eq!(source.runs(), runs + 1, "{other}: not replaced");
    }
}

#[tokio::test]
async fn a_value_of_another_shape_is_never_taken_for_this_one() {
    mod before {
        #[derive(Clone, serde::Serialize, serde::Deserialize)]
        pub(super) struct Point {
            pub(super) x: u32,
            pub(super) y: u32,
        }
        #[larder::ttl_cached(entity = "points")]
        pub(super) async fn point() -> Point {
            Point { x: 1, y: 2 }
        }
    }
    mod after {
        #[derive(Clone, serde::Serialize, serde::Deserialize)]
        pub(super) struct Point {
            pub(super) y: u32,
            pub(super) x: u32,
        }
        #[larder::ttl_cached(entity = "points")]
        pub(super) async fn point() -> Point {
            Point { y: 20, x: 10 }
        }
    }

    let server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    let old = a.scope(before::point()).await;
    let new = b.scope(after::point()).await;
    assert_eq!((old.x, old.y, new.x, new.y), (1, 2, 10, 20));
}
