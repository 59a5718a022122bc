//! `refresh_ahead` and `stale_while_revalidate`: served at once, computed anew once, in the background; never beyond its
//! end, and never what was ended.

use std::sync::Arc;
use std::time::Duration;

use larder::testkit::Testing;
use larder::{Larder, ttl_cached};

use crate::support::{Gate, SOON, Source, eventually, eventually_async};

/// What bodies that run apart take along: cheap to clone, as a pool of connections is.
#[derive(Clone, Default)]
struct Db(Arc<(Source, Gate)>);

impl Db {
    fn source(&self) -> &Source {
        &self.0.0
    }

    fn gate(&self) -> &Gate {
        &self.0.1
    }
}

#[ttl_cached(entity = "tools", ttl = "10s", stale_while_revalidate = "5s", skip(db))]
async fn tool(db: &Db, id: u64, team: &str) -> u64 {
    db.source().read() + id + team.len() as u64
}

#[ttl_cached(entity = "tools", ttl = "10s", refresh_ahead = 0.8, skip(db))]
async fn early(db: &Db, ids: &[u64]) -> u64 {
    db.source().read() + ids.len() as u64
}

#[ttl_cached(entity = "tools", ttl = "10s", refresh_ahead = 0.8, stale_while_revalidate = "5s", skip(db))]
async fn gated(db: Db) -> u64 {
    let read = db.source().read();
    db.gate().pass().await;
    read
}

#[ttl_cached(entity = "tools", ttl = "10s", stale_while_revalidate = "5s", skip(db), tags("tool:{id}"))]
async fn tagged(db: Db, id: u64) -> u64 {
    let read = db.source().read();
    db.gate().pass().await;
    read + id
}

#[ttl_cached(entity = "tools", ttl = "10s", stale_while_revalidate = "5s", skip(db))]
async fn failing(db: &Db) -> Result<u64, u64> {
    let read = db.source().read();
    if read == 0 { Err(read) } else { Ok(read) }
}

#[ttl_cached(entity = "tools", ttl = "10s", stale_while_revalidate = "5s", skip(db))]
fn sync_tool(db: &Db, id: u64) -> u64 {
    db.source().read() + id
}

#[ttl_cached(entity = "pages", ttl = "60s", skip(db))]
async fn page(db: &Db) -> u64 {
    tool(db, 1, "").await
}

#[derive(Clone)]
struct Service {
    db: Db,
    name: String,
}

impl Service {
    #[ttl_cached(entity = "tools", ttl = "10s", stale_while_revalidate = "5s", key(self.name, id))]
    async fn tool(&self, id: u64) -> u64 {
        struct Own(u64);
        impl Own {
            fn get(&self) -> u64 {
                self.0
            }
        }
        let read = Own(self.db.source().read()).get();
        let named = format!("{}{}", self.name, read);
        named.len() as u64 + self.twice(read) + id
    }

    fn twice(&self, read: u64) -> u64 {
        read * 2
    }

    #[ttl_cached(entity = "tools", ttl = "10s", refresh_ahead = 0.5, key(self.name))]
    async fn shared(self: Arc<Self>) -> u64 {
        self.db.source().read()
    }
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// Calls until the value that was computed in the background is there.
async fn renewed<F: Future<Output = u64>>(larder: &Larder, expected: u64, call: impl Fn() -> F) {
    eventually_async(SOON, "the renewal", async || larder.scope(call()).await == expected).await;
}

#[tokio::test]
async fn what_is_stale_is_served_at_once_and_renewed_once() {
    let (larder, db) = (Larder::testing(), Db::default());
    let call = || tool(&db, 1, "ab");
    assert_eq!(larder.scope(call()).await, 3);
    db.source().set(10);
    larder.clock().advance(seconds(9));
    assert_eq!(larder.scope(call()).await, 3);
    assert_eq!(db.source().runs(), 1, "it is fresh still");
    larder.clock().advance(seconds(2));
    assert_eq!(larder.scope(call()).await, 3, "served at once");
    renewed(&larder, 13, call).await;
    assert_eq!(db.source().runs(), 2, "renewed once");
    let counts = larder.stats().entities["tools"];
    assert!(counts.stale >= 1);
    assert_eq!(counts.misses, 1, "no call waited for the second run");
    larder.clock().advance(seconds(9));
    assert_eq!(larder.scope(call()).await, 13, "the renewed value has a whole life");
    assert_eq!(db.source().runs(), 2);
}

#[tokio::test]
async fn nothing_is_served_beyond_the_hard_limit() {
    let (larder, db) = (Larder::testing(), Db::default());
    assert_eq!(larder.scope(tool(&db, 1, "")).await, 1);
    db.source().set(10);
    larder.clock().advance(seconds(15));
    assert_eq!(larder.scope(tool(&db, 1, "")).await, 11, "ttl and the time beyond it are over");
}

#[tokio::test]
async fn what_was_ended_is_never_served_stale() {
    let (larder, db) = (Larder::testing(), Db::default());
    assert_eq!(larder.scope(tool(&db, 1, "")).await, 1);
    db.source().set(10);
    larder.clock().advance(seconds(11));
    larder.invalidate("tools").await.unwrap();
    assert_eq!(larder.scope(tool(&db, 1, "")).await, 11);
    db.source().set(20);
    larder.clock().advance(seconds(11));
    larder.scope(larder::forget(tool(&db, 1, ""))).await.unwrap();
    assert_eq!(larder.scope(tool(&db, 1, "")).await, 21);
}

#[tokio::test]
async fn an_end_during_a_renewal_is_not_undone_by_it() {
    let (larder, db) = (Larder::testing(), Db::default());
    db.gate().open();
    assert_eq!(larder.scope(gated(db.clone())).await, 0);
    db.gate().arrived().await;
    larder.clock().advance(seconds(9));
    assert_eq!(larder.scope(gated(db.clone())).await, 0, "served ahead of its end");
    db.gate().arrived().await;
    db.source().set(10);
    larder.invalidate("tools").await.unwrap();
    db.gate().open();
    let fresh = tokio::spawn(larder.scope(gated(db.clone())));
    db.gate().arrived().await;
    db.gate().open();
    assert_eq!(fresh.await.unwrap(), 10);
    assert_eq!(larder.scope(gated(db.clone())).await, 10, "the renewal that began before was not stored");
}

#[tokio::test]
async fn many_callers_begin_one_renewal() {
    let (larder, db) = (Larder::testing(), Db::default());
    db.gate().open();
    larder.scope(gated(db.clone())).await;
    db.gate().arrived().await;
    db.source().set(10);
    larder.clock().advance(seconds(9));
    for _ in 0..100 {
        assert_eq!(larder.scope(gated(db.clone())).await, 0);
    }
    db.gate().arrived().await;
    assert_eq!(db.source().runs(), 2, "one for the value, one for all hundred");
    db.gate().open();
    renewed(&larder, 10, || gated(db.clone())).await;
    assert_eq!(db.source().runs(), 2);
}

#[tokio::test]
async fn borrowed_parameters_and_self_are_taken_along() {
    let larder = Larder::testing();
    let db = Db::default();
    {
        let ids = vec![1, 2, 3];
        assert_eq!(larder.scope(early(&db, &ids)).await, 3);
        db.source().set(10);
        larder.clock().advance(seconds(9));
        assert_eq!(larder.scope(early(&db, &ids)).await, 3);
    }
    renewed(&larder, 13, || early(&db, &[1, 2, 3])).await;

    let service = Service { db: Db::default(), name: "s".to_owned() };
    assert_eq!(larder.scope(service.tool(5)).await, 2 + 5);
    service.db.source().set(3);
    larder.clock().advance(seconds(11));
    assert_eq!(larder.scope(service.tool(5)).await, 2 + 5);
    renewed(&larder, 2 + 6 + 5, || service.tool(5)).await;

    let shared = Arc::new(service.clone());
    assert_eq!(larder.scope(Arc::clone(&shared).shared()).await, 3);
    service.db.source().set(4);
    larder.clock().advance(seconds(6));
    assert_eq!(larder.scope(Arc::clone(&shared).shared()).await, 3);
    renewed(&larder, 4, || Arc::clone(&shared).shared()).await;
}

#[tokio::test]
async fn a_failing_renewal_keeps_the_value_and_is_tried_again_a_little_later() {
    let (larder, db) = (Larder::testing(), Db::default());
    db.source().set(1);
    assert_eq!(larder.scope(failing(&db)).await, Ok(1));
    db.source().set(0);
    larder.clock().advance(seconds(11));
    assert_eq!(larder.scope(failing(&db)).await, Ok(1));
    eventually(SOON, || larder.stats().entities["tools"].errors == 1).await;
    for _ in 0..50 {
        assert_eq!(larder.scope(failing(&db)).await, Ok(1));
        tokio::task::yield_now().await;
    }
    assert_eq!(db.source().runs(), 2, "the failing source is left alone for a second");
    db.source().set(7);
    larder.clock().advance(seconds(2));
    assert_eq!(larder.scope(failing(&db)).await, Ok(1));
    eventually_async(SOON, "the renewal", async || larder.scope(failing(&db)).await == Ok(7)).await;
}

#[tokio::test]
async fn sync_functions_are_renewed_in_a_thread() {
    let (larder, db) = (Larder::testing(), Db::default());
    assert_eq!(larder.run(|| sync_tool(&db, 1)), 1);
    db.source().set(10);
    larder.clock().advance(seconds(11));
    assert_eq!(larder.run(|| sync_tool(&db, 1)), 1);
    eventually(SOON, || larder.run(|| sync_tool(&db, 1)) == 11).await;
    assert_eq!(db.source().runs(), 2);
}

#[tokio::test]
async fn a_renewal_is_no_part_of_the_body_that_met_the_stale_value() {
    let (larder, db) = (Larder::testing(), Db::default());
    assert_eq!(larder.scope(tool(&db, 1, "")).await, 1);
    larder.clock().advance(seconds(11));
    assert_eq!(larder.scope(page(&db)).await, 1);
    db.source().set(10);
    renewed(&larder, 1, || tool(&db, 1, "")).await;
    larder.clock().advance(seconds(4));
    assert_eq!(larder.scope(page(&db)).await, 11, "what is made of a stale value ends with it");
}

#[tokio::test]
async fn another_process_s_renewal_is_taken_over() {
    let a: Testing = Larder::testing();
    let b = a.another();
    let db = Db::default();
    assert_eq!(a.scope(tool(&db, 1, "")).await, 1);
    assert_eq!(b.scope(tool(&db, 1, "")).await, 1);
    assert_eq!(db.source().runs(), 1, "shared");
    db.source().set(10);
    a.clock().advance(seconds(11));
    assert_eq!(a.scope(tool(&db, 1, "")).await, 1);
    renewed(&a, 11, || tool(&db, 1, "")).await;
    assert_eq!(b.scope(tool(&db, 1, "")).await, 1, "served at once here too");
    renewed(&b, 11, || tool(&db, 1, "")).await;
    assert_eq!(db.source().runs(), 2, "computed once for both");
    a.clock().advance(seconds(14));
    assert_eq!(b.scope(tool(&db, 1, "")).await, 11, "and it lives in Redis as long as it may be served");
}

#[tokio::test]
async fn no_call_waits_for_a_renewal_that_began_before_the_end_of_a_tag() {
    let larder = Larder::testing();
    let db = Db::default();
    db.source().set(1);
    let call = || larder.scope(tagged(db.clone(), 7));
    db.gate().open();
    assert_eq!(call().await, 8);
    db.gate().arrived().await;
    larder.clock().advance(Duration::from_secs(11));
    assert_eq!(call().await, 8);
    db.gate().arrived().await;
    db.source().set(2);
    larder.invalidate("tool:7").await.unwrap();
    let late = tokio::spawn(call());
    db.gate().arrived().await;
    db.gate().open();
    db.gate().open();
    assert_eq!(late.await.unwrap(), 9, "it ran a body of its own, beside that of the renewal");
}
