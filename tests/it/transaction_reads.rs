//! `larder::transaction`: a call inside reads what was written there, and no call outside does.

use std::sync::Arc;

use larder::{HexSha, Larder, hexsha_cached, ttl_cached};

use crate::server::RedisServer;
use crate::support::{Gate, SOON, Source, memory, node, within};
use crate::transaction::{Outcome, outside, tool, write};

#[ttl_cached(entity = "tools", skip(source), coherence = strict)]
async fn strict_tool(source: &Source) -> u64 {
    source.read()
}

#[ttl_cached(entity = "users", skip(source))]
async fn user(source: &Source) -> u64 {
    source.read()
}

#[ttl_cached(entity = "pages", skip(source))]
async fn page(source: &Source) -> u64 {
    tool(source, 0).await + 100
}

#[ttl_cached(entity = "tools", skip(source, gate))]
async fn slow(source: &Source, gate: &Gate) -> u64 {
    let value = source.read();
    gate.pass().await;
    value
}

#[tokio::test]
async fn inside_one_reads_what_one_wrote_and_stores_none_of_it() {
    let server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    let (source, users) = (Arc::new(Source::of(1)), Source::of(5));
    for larder in [&a, &b] {
        larder.scope(tool(&source, 0)).await;
        larder.scope(page(&source)).await;
    }
    a.scope(user(&users)).await;
    b.scope(user(&users)).await;
    let outcome: Outcome = a
        .transaction(async {
            assert_eq!(tool(&source, 0).await, 1, "nothing is held yet: a hit");
            assert_eq!((source.runs(), users.runs()), (1, 1));
            write(&source, 2).await.unwrap();
            assert_eq!(tool(&source, 0).await, 2, "one's own write");
            assert_eq!(page(&source).await, 102, "what was made of it");
            assert_eq!(strict_tool(&source).await, 2);
            let runs = source.runs();
            assert_eq!(tool(&source, 0).await, 2);
            assert_eq!(source.runs(), runs + 1, "not stored");
            assert_eq!(user(&users).await, 5);
            assert_eq!(users.runs(), 1, "what nothing held touches is served");
            assert_eq!(larder::refresh(tool(&source, 0)).await, 2);
            let others = outside({
                let (a, b, source) = (a.clone(), b.clone(), Arc::clone(&source));
                async move {
                    let here = [a.scope(tool(&source, 0)).await, a.scope(page(&source)).await];
                    (here, [b.scope(tool(&source, 0)).await, b.scope(page(&source)).await])
                }
            });
            assert_eq!(others.await, ([1, 101], [1, 101]), "the others see what is committed");
            source.set(1);
            Err("conflict")
        })
        .await;
    assert!(outcome.is_err());
    let runs = source.runs();
    for larder in [&a, &b] {
        assert_eq!(larder.scope(tool(&source, 0)).await, 1);
        assert_eq!(larder.scope(page(&source)).await, 101);
    }
    assert_eq!(source.runs(), runs, "all is as it was");
}

#[tokio::test]
async fn nothing_that_is_computed_inside_is_stored_or_joined_even_before_anything_is_held() {
    let larder = memory().await;
    // A row that is written by plain SQL, and not committed.
    let (source, gate) = (Source::of(2), Gate::default());
    let inside = larder.transaction(async {
        let seen = slow(&source, &gate).await;
        source.set(1);
        assert_eq!(seen, 2);
        Outcome::<()>::Err("conflict")
    });
    let outside = async {
        gate.arrived().await;
        source.set(1);
        let call = larder.scope(slow(&source, &gate));
        let open = async {
            // It runs a body of its own: both stand at the gate.
            gate.arrived().await;
            gate.open();
            gate.open();
        };
        within(SOON, async { tokio::join!(call, open).0 }).await
    };
    let (outcome, seen) = tokio::join!(inside, outside);
    assert!(outcome.is_err());
    assert_eq!(seen, 1, "another's uncommitted row was handed on");
    assert_eq!(larder.scope(slow(&source, &gate)).await, 1, "a hit of the committed one");
    assert_eq!(source.runs(), 2);
}

#[tokio::test]
async fn a_call_inside_does_not_join_what_began_outside() {
    let larder = memory().await;
    let (source, gate) = (Source::of(1), Gate::default());
    let inside = async {
        gate.arrived().await;
        let call = larder.transaction(async {
            write(&source, 2).await.unwrap();
            Outcome::Ok(slow(&source, &gate).await)
        });
        let open = async {
            gate.arrived().await;
            gate.open();
            gate.open();
        };
        within(SOON, async { tokio::join!(call, open).0 }).await
    };
    let (outside, inside) = tokio::join!(larder.scope(slow(&source, &gate)), inside);
    assert_eq!((outside, inside), (1, Ok(2)));
}

#[tokio::test]
async fn a_value_of_a_revision_is_computed_inside_and_stored_outside() {
    struct Config;

    impl HexSha for Config {
        fn hexsha(&self) -> &str {
            "0a1b"
        }
    }

    #[hexsha_cached(skip(source))]
    async fn issuer(config: &Config, source: &Source) -> u64 {
        let _ = config;
        source.read()
    }

    let larder = memory().await;
    let source = Source::of(1);
    larder.transaction(async { issuer(&Config, &source).await + issuer(&Config, &source).await }).await;
    assert_eq!(source.runs(), 2);
    larder.scope(async { issuer(&Config, &source).await + issuer(&Config, &source).await }).await;
    assert_eq!(source.runs(), 3);
}

#[tokio::test]
async fn a_cached_body_that_is_a_transaction_is_not_stored() {
    #[ttl_cached(entity = "reports", skip(source))]
    async fn report(source: &Source) -> u64 {
        larder::transaction(tool(source, 0)).await
    }

    let larder = Larder::testing();
    let source = Source::of(1);
    larder.scope(report(&source)).await;
    larder.scope(report(&source)).await;
    assert_eq!(source.runs(), 2, "what it read may never be committed");
    larder.scope(tool(&source, 0)).await;
    larder.scope(report(&source)).await;
    larder.scope(report(&source)).await;
    assert_eq!(source.runs(), 3, "what was committed may be served inside, and what is made of it kept");
}
