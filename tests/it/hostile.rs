//! Promises 6 and 8 against whoever can write to the same Redis: junk costs a miss, and stands in nobody's way.

use std::time::Duration;

use larder::{Larder, LeaderGate, ttl_cached};

use crate::node::Node;
use crate::server::RedisServer;
use crate::support::{SOON, Source, connected, eventually, eventually_async, node};

#[ttl_cached(entity = "tools", skip(source), tags("tool:{id}"))]
async fn tool(source: &Source, id: u64) -> u64 {
    source.read() + id
}

#[ttl_cached(entity = "tools", skip(source), store = redis)]
async fn shared_tool(source: &Source, id: u64) -> u64 {
    source.read() + id
}

/// Two instances that share what they compute and end it for each other.
async fn work_together(a: &Larder, b: &Larder, source: &Source, what: &str) {
    let value = source.read() + 1;
    source.set(value);
    assert!(a.invalidate("tools").await.unwrap().is_applied(), "{what}: an end");
    eventually_async(SOON, what, async || {
        let seen = a.scope(tool(source, 0)).await;
        let runs = source.runs();
        seen == value && b.scope(tool(source, 0)).await == value && source.runs() == runs
    })
    .await;
    assert!(b.invalidate("tool:0").await.unwrap().is_applied(), "{what}: an end of a tag");
    source.set(value + 1);
    eventually_async(SOON, what, async || {
        a.scope(tool(source, 0)).await == value + 1 && b.scope(tool(source, 0)).await == value + 1
    })
    .await;
}

/// What is computed is stored: one who comes new reads it. Memory alone would answer those who were there for one lease.
async fn keep_together(server: &RedisServer, larder: &Larder, source: &Source, what: &str) {
    eventually_async(SOON, what, async || {
        larder.scope(tool(source, 0)).await;
        let (young, runs) = (node(server).await, source.runs());
        young.scope(tool(source, 0)).await;
        source.runs() == runs
    })
    .await;
}

/// What is no epoch, and what looks like one.
const EPOCHS: [&str; 14] = [
    "",
    "nonsense",
    "1",
    "-1.1",
    "0.0",
    "0.1",
    "1.4096",
    "5.99999999999999999999",
    "1763712345678901.x",
    "99999999999999999999999999.1",
    "2251799813685248.1",
    "2251799813685247.4095",
    "1e15.1",
    " 1763712345678901.1",
];

/// Under every name of an epoch, and under the note of the run, lies what somebody else wrote; everybody connects anew.
#[tokio::test]
async fn an_epoch_that_is_none_stands_in_nobody_s_way() {
    let server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    let source = Source::of(1);
    work_together(&a, &b, &source, "before").await;
    let mut raw = server.raw().await;
    for (round, junk) in (2..).zip(EPOCHS) {
        let mut keys = server.keys_with("@epoch:").await;
        keys.extend(server.keys_with("@run").await);
        assert!(keys.len() >= 4, "{keys:?}");
        for key in keys {
            let () = redis::cmd("SET").arg(key).arg(junk).query_async(&mut raw).await.unwrap();
        }
        for kind in ["normal", "pubsub"] {
            let _: u64 = server.run(&format!("CLIENT KILL TYPE {kind} SKIPME yes")).await;
        }
        raw = server.raw().await;
        eventually(SOON, || [&a, &b].iter().all(|larder| larder.stats().redis.connects >= round)).await;
        connected(&a).await;
        connected(&b).await;
        keep_together(&server, &a, &source, junk).await;
        work_together(&a, &b, &source, junk).await;
        let c = node(&server).await;
        work_together(&c, &a, &source, junk).await;
    }
}

/// Among the ends of a function's entries lies what somebody else wrote, or its floor is gone.
#[tokio::test]
async fn ends_that_are_none_stand_in_nobody_s_way() {
    let server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    let source = Source::of(1);
    let mut raw = server.raw().await;
    // Each is read under one foreign floor alone: an entry that is seen at one, and then not, is ended again by the library.
    let mut others = 100..;
    for junk in EPOCHS {
        for _ in 0..2 {
            a.scope(larder::forget(shared_tool(&source, 7))).await.unwrap();
        }
        let ends = server.keys_with("@ends:").await;
        assert_eq!(ends.len(), 1, "{ends:?}");
        let fields: Vec<String> = server.run(&format!("HKEYS {}", ends[0])).await;
        assert_eq!(fields.len(), 2, "a floor and an end: {fields:?}");
        for field in fields {
            let () = redis::cmd("HSET").arg(&ends[0]).arg(&field).arg(junk).query_async(&mut raw).await.unwrap();
            let other = others.next().unwrap();
            for larder in [&a, &b] {
                larder.scope(shared_tool(&source, other)).await;
            }
            if field == "@" {
                let _: u64 = server.run(&format!("HDEL {} @", ends[0])).await;
            }
            let value = source.read() + 1;
            source.set(value);
            assert!(a.scope(larder::forget(shared_tool(&source, 7))).await.unwrap().is_applied(), "{field}: {junk}");
            eventually_async(SOON, junk, async || {
                let seen = a.scope(shared_tool(&source, 7)).await;
                let runs = source.runs();
                seen == value + 7 && b.scope(shared_tool(&source, 7)).await == value + 7 && source.runs() == runs
            })
            .await;
        }
    }
}

#[tokio::test]
async fn a_foreign_note_of_the_run_and_a_foreign_counter_of_tokens_are_replaced() {
    let server = RedisServer::start();
    let larder = node(&server).await;
    let gate = || larder.leader_gate("nightly").ttl(Duration::from_secs(5));
    let first = gate().acquire().await.unwrap().expect("free");
    let token = first.token();
    first.release().await.unwrap();
    let fence = server.keys_with("@fence:").await.remove(0);
    let run = server.keys_with("@run").await.remove(0);
    for (round, other) in (2..).zip(["SET KEY junk", "SET KEY 99999999999999999999", "HSET KEY a b", "SET KEY -7"]) {
        for key in [&fence, &run] {
            let _: u64 = server.run(&format!("DEL {key}")).await;
            let _: redis::Value = server.run(&other.replace("KEY", key)).await;
        }
        let lease = gate().acquire().await.expect(other).expect("free");
        assert!(lease.token() > token, "{other}: the clock keeps tokens growing");
        lease.release().await.unwrap();
        for kind in ["normal", "pubsub"] {
            let _: u64 = server.run(&format!("CLIENT KILL TYPE {kind} SKIPME yes")).await;
        }
        eventually(SOON, || larder.stats().redis.connects >= round && larder.stats().redis.connected).await;
    }
}

/// Every way in which an announcement can be wrong.
fn announcements() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = ["", " ", "tools", "tools ", " 1.1", "tools x", "tools first", "tools first first 1.1"]
        .map(|text| text.as_bytes().to_vec())
        .into();
    all.push(vec![0xff; 64]);
    all.push(vec![b' '; 1 << 20]);
    all.push([vec![b'x'; 1 << 20], b" 1763712345678901.1".to_vec()].concat());
    for name in ["tools", "tool:0", "@everything", "@function:0000000000000000", "@entry:x", "somebody's", "a b"] {
        for epoch in ["1.1", "1763712345678901.1", "2251799813685247.4095", "99999999999999999999.1", "-1.1", "1.1.1"] {
            all.push(format!("{name} {epoch}").into_bytes());
            all.push(format!("{name} first {epoch}").into_bytes());
        }
    }
    all
}

#[tokio::test]
async fn announcements_that_are_none_cost_misses_at_most() {
    let server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    let source = Source::of(1);
    work_together(&a, &b, &source, "before").await;
    let mut raw = server.raw().await;
    for junk in announcements() {
        let heard: u64 = redis::cmd("PUBLISH").arg("it:1:@epochs").arg(&junk).query_async(&mut raw).await.unwrap();
        assert_eq!(heard, 2, "it arrives");
        let shown = String::from_utf8_lossy(&junk[..junk.len().min(60)]).into_owned();
        work_together(&a, &b, &source, &shown).await;
    }
    assert_eq!((a.stats().redis.connects, b.stats().redis.connects), (1, 1), "no link was lost");
}

/// Of a flood of announcements nothing is kept: neither of what has the form of a name nor of what has not.
#[tokio::test]
async fn announcements_fill_no_memory() {
    let server = RedisServer::start();
    let url = server.url();
    let mut process = Node::over(&url);
    assert_eq!(process.ask("connected"), "connected");
    let before: u64 = process.ask("resident").parse().unwrap();
    let mut raw = server.raw().await;
    for round in 0..200 {
        let mut flood = redis::pipe();
        for at in 0..20 {
            let long = format!("{round}-{at}-{}", "x".repeat(100_000));
            flood.cmd("PUBLISH").arg("it:1:@epochs").arg(format!("{long} 1763712345678901.1")).ignore();
            flood.cmd("PUBLISH").arg("it:1:@epochs").arg(format!("name:{round}:{at} 1763712345678901.1")).ignore();
        }
        let () = flood.query_async(&mut raw).await.unwrap();
    }
    // Behind all of them: an end that it hears of.
    assert_eq!(process.ask("invalidate tools"), "true");
    let grown = process.ask("resident").parse::<u64>().unwrap().saturating_sub(before);
    assert!(grown < 100 << 20, "{} MB of 400 were kept", grown >> 20);
}

/// Every name that could reach over a namespace's border, if any could.
#[tokio::test]
async fn a_namespace_neither_ends_nor_reads_another_whatever_the_two_are_called() {
    const NAMES: [&str; 7] = ["it", "it:1", "it:1:tools", "i", "it:", ":it", "it:1:"];
    let server = RedisServer::start();
    let source = Source::of(1);
    let mut larders = Vec::new();
    for namespace in NAMES {
        let builder = Larder::builder().ignore_environment().redis(server.url()).namespace(namespace);
        let larder = builder.build().await.unwrap();
        connected(&larder).await;
        larder.scope(tool(&source, 1)).await;
        larders.push(larder);
    }
    assert_eq!(source.runs(), NAMES.len() as u64, "none read what another stored");
    let channels: Vec<String> = server.run("PUBSUB CHANNELS *").await;
    assert_eq!(channels.len(), NAMES.len(), "{channels:?}");
    for (ended, larder) in larders.iter().enumerate() {
        for name in ["tools", "1:tools", "@epoch:tools", "it:1:@epoch:tools", "1:@epochs", "*", ":tools"] {
            let _ = larder.invalidate(name).await.unwrap();
        }
        let _ = larder.clear().await.unwrap();
        let gate = larder.leader_gate("one").ttl(Duration::from_secs(60));
        assert!(gate.acquire().await.unwrap().is_some(), "{}: a lease of its own", NAMES[ended]);
        let before = source.runs();
        for other in &larders {
            other.scope(tool(&source, 1)).await;
        }
        assert_eq!(source.runs(), before + 1, "{}: not exactly its own was ended", NAMES[ended]);
    }
    assert!(LeaderGate::new("").acquire().await.is_err());
}
