//! Receipts: what a process was told of a write it reads, wherever the announcement is; what Redis forgets it is told again.

use std::time::Duration;

use futures_of_the_server::announcements;
use larder::{Larder, Receipt, ttl_cached};

use crate::node::Node;
use crate::proxy::Proxy;
use crate::server::RedisServer;
use crate::support::{
    SOON, Source, connected, disconnected, eventually, eventually_async, memory, node, node_at, within,
};

#[ttl_cached(entity = "tools", skip(source), tags("tool:{id}"))]
async fn tool(source: &Source, id: u64) -> u64 {
    source.read() + id
}

/// A receipt as another process gets it.
fn carried(receipt: &Receipt) -> Receipt {
    serde_json::from_str(&serde_json::to_string(receipt).unwrap()).unwrap()
}

#[tokio::test]
async fn who_has_the_receipt_reads_what_was_written_before_the_announcement_comes() {
    let server = RedisServer::start();
    let proxy = Proxy::before(server.port());
    let (a, b) = (node_at(&proxy.url()).await, node(&server).await);
    let source = Source::of(1);
    a.scope(tool(&source, 0)).await;
    // A hears nothing from here on, and does not know it yet.
    proxy.silence_all();
    source.set(2);
    let receipt = b.invalidate("tools").await.unwrap();
    assert_eq!(a.scope(tool(&source, 0)).await, 1, "the announcement is held back");
    let after = within(Duration::from_millis(100), a.after(&carried(&receipt))).await;
    assert!(after.is_applied(), "no question to Redis, and no answer, was needed");
    assert_eq!(a.scope(tool(&source, 0)).await, 2);
}

#[tokio::test]
async fn a_receipt_of_what_is_known_ends_nothing() {
    let server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    let source = Source::of(1);
    let receipt = carried(&b.invalidate("tools").await.unwrap());
    a.scope(tool(&source, 0)).await;
    for larder in [&a, &b] {
        assert_eq!(larder.after(&receipt).await, receipt);
        larder.scope(tool(&source, 0)).await;
    }
    // Also twice, and after a later end.
    let _ = b.invalidate("tools").await.unwrap();
    eventually_async(SOON, "the announcement", async || {
        a.scope(tool(&source, 0)).await;
        source.runs() == 2
    })
    .await;
    for _ in 0..2 {
        a.after(&receipt).await;
        a.scope(tool(&source, 0)).await;
    }
    assert_eq!(source.runs(), 2);
}

#[tokio::test]
async fn the_end_of_an_entry_is_in_a_receipt_too() {
    let server = RedisServer::start();
    let proxy = Proxy::before(server.port());
    let (a, b) = (node_at(&proxy.url()).await, node(&server).await);
    let source = Source::of(1);
    a.scope(tool(&source, 0)).await;
    a.scope(tool(&source, 1)).await;
    proxy.silence_all();
    source.set(2);
    let receipt = b.scope(larder::forget(tool(&source, 0))).await.unwrap();
    a.after(&carried(&receipt)).await;
    assert_eq!(a.scope(tool(&source, 0)).await, 2);
}

#[tokio::test]
async fn a_process_without_redis_ends_once_what_a_receipt_names() {
    let larder = memory().await;
    let source = Source::of(1);
    let receipt: Receipt = serde_json::from_str(r#"{"tools":"1763712345678901.17"}"#).unwrap();
    assert!(receipt.is_applied());
    larder.scope(tool(&source, 0)).await;
    for _ in 0..3 {
        larder.after(&receipt).await;
        larder.scope(tool(&source, 0)).await;
    }
    assert_eq!(source.runs(), 2);
    // Its own says nothing elsewhere, and is known here.
    let own = larder.invalidate("tools").await.unwrap();
    larder.scope(tool(&source, 0)).await;
    larder.after(&own).await;
    larder.scope(tool(&source, 0)).await;
    assert_eq!(source.runs(), 3);
    assert_eq!(serde_json::to_string(&own).unwrap(), r#"{"tools":null}"#);
}

#[tokio::test]
async fn what_one_process_could_not_tell_redis_another_tells_it() {
    let server = RedisServer::start();
    let proxy = Proxy::before(server.port());
    let (a, b, c) = (node_at(&proxy.url()).await, node(&server).await, node(&server).await);
    let source = Source::of(1);
    b.scope(tool(&source, 0)).await;
    c.scope(tool(&source, 0)).await;
    proxy.silence_all();
    disconnected(&a).await;
    source.set(2);
    let receipt = a.invalidate("tools").await.unwrap();
    assert!(!receipt.is_applied() && !receipt.is_held());
    let receipt = carried(&receipt);
    assert_eq!(receipt.names().collect::<Vec<_>>(), ["tools"]);
    assert!(!receipt.is_applied());
    let after = b.after(&receipt).await;
    assert!(after.is_applied(), "B told Redis");
    assert_eq!(b.scope(tool(&source, 0)).await, 2);
    // So the others know, though A is still away.
    c.after(&carried(&after)).await;
    assert_eq!(c.scope(tool(&source, 0)).await, 2);
    assert_eq!(a.stats().redis.pending_invalidations, 1);
}

#[tokio::test]
async fn an_end_is_in_the_receipt_while_redis_is_away_from_both() {
    let mut server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    let source = Source::of(1);
    b.scope(tool(&source, 0)).await;
    let known = a.invalidate("other").await.unwrap();
    server.kill();
    disconnected(&a).await;
    disconnected(&b).await;
    source.set(2);
    let receipt = carried(&a.invalidate("tools").await.unwrap());
    assert!(!b.after(&receipt).await.is_applied());
    assert_eq!(b.scope(tool(&source, 0)).await, 2);
    assert_eq!(b.stats().redis.pending_invalidations, 1, "owed from here, too");
    assert!(b.after(&carried(&known)).await.is_applied(), "that one Redis had confirmed");
    server.restart();
    connected(&b).await;
    assert_eq!(b.stats().redis.pending_invalidations, 0);
}

#[tokio::test]
async fn another_process_is_told_by_a_receipt() {
    let server = RedisServer::start();
    let proxy = Proxy::before(server.port());
    let mut there = Node::over(&proxy.url());
    assert_eq!(there.ask("connected"), "connected");
    let here = node(&server).await;
    there.ask("set 10");
    assert_eq!(there.ask("tools 1"), "11");
    there.ask("set 20");
    proxy.silence_all();
    let receipt = here.invalidate("tools").await.unwrap();
    assert_eq!(there.ask("tools 1"), "11", "it has not heard");
    assert_eq!(there.ask(&format!("after {}", serde_json::to_string(&receipt).unwrap())), "true");
    assert_eq!(there.ask("tools 1"), "21");
}

#[test]
fn what_is_no_receipt_is_refused() {
    for good in ["{}", r#"{"tools":null}"#, r#"{"@everything":"5.1"}"#, r#"{"tools":"1763712345678901.17"}"#] {
        assert!(serde_json::from_str::<Receipt>(good).is_ok(), "{good}");
    }
    let long = format!(r#"{{"{}":null}}"#, "x".repeat(201));
    let wrong = ["7", "[]", r#"{"tools":7}"#, r#"{"tools":""}"#, r#"{"tools":"1"}"#, r#"{"tools":"1.4096"}"#];
    let names =
        [r#"{"a b":null}"#, r#"{"":null}"#, r#"{"@other":null}"#, r##"{"#1":null}"##, "{\"a\\nb\":null}", &long];
    for wrong in wrong.into_iter().chain(names) {
        let error = serde_json::from_str::<Receipt>(wrong).unwrap_err().to_string();
        assert!(!error.contains("xxx"), "what was read is in the error: {error}");
    }
    let many: Vec<String> = (0..65_537).map(|n| format!(r#""n{n}":null"#)).collect();
    assert!(serde_json::from_str::<Receipt>(&format!("{{{}}}", many.join(","))).is_err());
    assert!(serde_json::from_str::<Receipt>(&format!("{{{}}}", many[1..].join(","))).is_ok());
}

#[tokio::test]
async fn names_of_every_form_are_carried() {
    let larder = memory().await;
    let mut all = Vec::new();
    for name in ["tools", "tool:7", "a b", "*", "\u{e9}", &"x".repeat(500)] {
        all.push(larder.invalidate(name).await.unwrap());
    }
    all.push(larder.clear().await.unwrap());
    all.push(larder.scope(larder::forget(tool(&Source::of(1), 1))).await.unwrap());
    for receipt in all {
        assert_eq!(carried(&receipt).names().collect::<Vec<_>>(), receipt.names().collect::<Vec<_>>());
    }
}

/// A server that was saved, told of ends, and comes back as it was saved.
async fn rolled_back(server: &mut RedisServer, larder: &Larder, ended: impl AsyncFn()) {
    let _: String = server.run("SAVE").await;
    ended().await;
    server.kill();
    disconnected(larder).await;
    server.restart();
}

/// The epoch of a name as Redis has it.
async fn epoch(server: &RedisServer, name: &str) -> u64 {
    let text: Option<String> = server.run(&format!("GET it:1:@epoch:{name}")).await;
    text.map_or(0, |text| text.split_once('.').unwrap().0.parse().unwrap())
}

fn micros(receipt: &Receipt, name: &str) -> u64 {
    let map = serde_json::to_value(receipt).unwrap();
    map[name].as_str().unwrap().split_once('.').unwrap().0.parse().unwrap()
}

#[tokio::test]
async fn an_epoch_that_redis_forgot_is_raised_again_at_the_reconnect() {
    let mut server = RedisServer::start();
    let a = node(&server).await;
    let before = a.invalidate("job").await.unwrap();
    let source = Source::of(1);
    let mut receipts = Vec::new();
    {
        let receipts = std::cell::RefCell::new(&mut receipts);
        rolled_back(&mut server, &a, async || {
            let receipt = a.invalidate("job").await.unwrap();
            // It is a name that no value here carries.
            for id in 0..900 {
                let _ = a.invalidate(format!("other:{id}")).await.unwrap();
            }
            receipts.borrow_mut().push(receipt);
        })
        .await;
    }
    for id in 0..4_000 {
        // Names that are met and not ended do not push it out.
        a.scope(tool(&source, id)).await;
    }
    connected(&a).await;
    let (before, after) = (micros(&before, "job"), micros(&receipts[0], "job"));
    assert!(before < after);
    eventually_async(SOON, "raised again", async || epoch(&server, "job").await > after).await;
    eventually(SOON, || a.stats().redis.pending_invalidations == 0).await;
}

#[tokio::test]
async fn a_receipt_is_good_after_redis_forgot_it() {
    let mut server = RedisServer::start();
    let a = node(&server).await;
    let source = Source::of(1);
    a.scope(tool(&source, 0)).await;
    let receipt = std::cell::RefCell::new(None);
    rolled_back(&mut server, &a, async || {
        source.set(2);
        *receipt.borrow_mut() = Some(a.invalidate("tools").await.unwrap());
    })
    .await;
    drop(a);
    let receipt = carried(&receipt.take().unwrap());
    // A process that never knew the epoch that was lost.
    let b = node(&server).await;
    b.after(&receipt).await;
    assert_eq!(b.scope(tool(&source, 0)).await, 2);
    eventually_async(SOON, "raised again", async || {
        b.scope(tool(&source, 0)).await;
        epoch(&server, "tools").await > micros(&receipt, "tools")
    })
    .await;
    // It was raised once: what is computed is kept.
    let runs = source.runs();
    eventually_async(SOON, "kept", async || {
        let before = source.runs();
        b.scope(tool(&source, 0)).await;
        source.runs() == before
    })
    .await;
    assert!(source.runs() <= runs + 3, "raised again and again: {} runs", source.runs() - runs);
}

#[tokio::test]
async fn what_is_owed_is_delivered_in_the_order_in_which_it_was_ended() {
    let server = RedisServer::start();
    let proxy = Proxy::before(server.port());
    let a = node_at(&proxy.url()).await;
    proxy.silence_all();
    disconnected(&a).await;
    let names = ["m", "z", "b", "y", "a", "m"];
    for name in names {
        assert!(!a.invalidate(name).await.unwrap().is_applied());
    }
    let heard = announcements(&server, "it:1:@epochs").await;
    proxy.resume();
    let order = within(SOON, heard.first(5)).await;
    assert_eq!(order, ["m", "z", "b", "y", "a"], "each once, in the order of their first ends");
}

mod futures_of_the_server {
    //! What Redis announces, heard by the test itself.

    use redis::PushKind;
    use tokio::sync::mpsc;

    use crate::server::RedisServer;

    pub(super) struct Heard {
        names: mpsc::UnboundedReceiver<redis::PushInfo>,
        _connection: redis::aio::MultiplexedConnection,
    }

    pub(super) async fn announcements(server: &RedisServer, channel: &str) -> Heard {
        let (sender, names) = mpsc::unbounded_channel();
        let client = redis::Client::open(format!("{}/?protocol=resp3", server.url())).unwrap();
        let config = redis::AsyncConnectionConfig::new().set_push_sender(sender);
        let mut connection = client.get_multiplexed_async_connection_with_config(&config).await.unwrap();
        connection.subscribe(channel).await.unwrap();
        Heard { names, _connection: connection }
    }

    impl Heard {
        /// The names of the first announcements.
        pub(super) async fn first(mut self, count: usize) -> Vec<String> {
            let mut names = Vec::new();
            while names.len() < count {
                let push = self.names.recv().await.unwrap();
                if push.kind != PushKind::Message {
                    continue;
                }
                let text: String = redis::from_redis_value(push.data.into_iter().next_back().unwrap()).unwrap();
                names.push(text.split(' ').next().unwrap().to_owned());
            }
            names
        }
    }
}
