//! Promise 5, ends that wait for Redis: counted until they are confirmed, and told once.

use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use larder::Larder;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::server::RedisServer;
use crate::support::{SOON, connected, eventually, eventually_async, node};

#[tokio::test]
async fn what_is_being_delivered_is_owed_still() {
    let server = RedisServer::start();
    // A link that waits for longer than a delivery may take.
    let builder = Larder::builder().ignore_environment().redis(server.url()).namespace("it");
    let larder =
        builder.heartbeat(Duration::from_secs(1)).tracking_lease(Duration::from_secs(5)).build().await.unwrap();
    connected(&larder).await;
    let _: String = server.run("ACL SETUSER default -eval").await;
    assert!(!larder.invalidate("tools").await.unwrap().is_applied());
    let _: String = server.run("CLIENT PAUSE 60000 WRITE").await;
    let _: String = server.run("ACL SETUSER default +eval").await;
    eventually_async(SOON, "a delivery that hangs", async || {
        server.run::<String>("INFO clients").await.contains("blocked_clients:1")
    })
    .await;
    assert_eq!(larder.stats().redis.pending_invalidations, 1);
    let _: String = server.run("CLIENT UNPAUSE").await;
    eventually(SOON, || larder.stats().redis.pending_invalidations == 0).await;
}

/// Counts what is said of invalidations that are owed.
struct Told;

static SAID: AtomicU64 = AtomicU64::new(0);

impl Visit for Told {
    fn record_debug(&mut self, _: &Field, value: &dyn Debug) {
        SAID.fetch_add(u64::from(format!("{value:?}").contains("an invalidation ")), Ordering::SeqCst);
    }
}

impl Subscriber for Told {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "larder"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut Self);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// How often the server has refused a script.
async fn refused(server: &RedisServer) -> u64 {
    let stats: String = server.run("INFO commandstats").await;
    let eval = stats.lines().find(|line| line.starts_with("cmdstat_eval:")).unwrap_or_default();
    let refused = eval.split(',').find_map(|field| field.strip_prefix("rejected_calls="));
    refused.map_or(0, |count| count.parse().unwrap())
}

/// An end is owed, and the server refuses it again and again.
async fn an_outage(server: &RedisServer, larder: &Larder) {
    let before = refused(server).await;
    let _: String = server.run("ACL SETUSER default -eval").await;
    assert!(!larder.invalidate("tools").await.unwrap().is_applied());
    eventually_async(SOON, "deliveries", async || refused(server).await > before + 5).await;
    let _: String = server.run("ACL SETUSER default +eval").await;
    eventually(SOON, || larder.stats().redis.pending_invalidations == 0).await;
}

#[tokio::test]
async fn a_server_that_refuses_what_is_owed_is_told_of_once_in_each_outage() {
    tracing::subscriber::set_global_default(Told).unwrap();
    let server = RedisServer::start();
    let larder = node(&server).await;
    for outages in 1..=2 {
        an_outage(&server, &larder).await;
        assert_eq!(SAID.load(Ordering::SeqCst), outages);
        assert_eq!(larder.stats().redis.connects, 1, "the link was up throughout");
    }
}
