//! `larder::receipts`: what a future ended, in one receipt that can be carried.

use larder::{Larder, Receipt, invalidates, ttl_cached};

use crate::node::Node;
use crate::proxy::Proxy;
use crate::server::RedisServer;
use crate::support::{Gate, SOON, Source, disconnected, memory, node, node_at, within};

#[ttl_cached(entity = "tools", skip(source), tags("tool:{id}"))]
async fn tool(source: &Source, id: u64) -> u64 {
    source.read() + id
}

#[invalidates("tools", "tool:{id}", ("by", ret))]
async fn write(source: &Source, id: u64, value: u64) -> Result<u64, ()> {
    source.set(value);
    if value == 0 { Err(()) } else { Ok(value) }
}

#[invalidates("tools", phase = around)]
async fn write_around(source: &Source, value: u64) -> Result<(), ()> {
    source.set(value);
    if value == 0 { Err(()) } else { Ok(()) }
}

#[invalidates("tools")]
fn write_of_a_thread(source: &Source) {
    source.set(2);
}

#[invalidates(tool(source, id))]
async fn repaint(source: &Source, id: u64) {
    source.set(3 + id);
}

#[invalidates("tools")]
async fn write_and_wait(gate: &Gate) {
    gate.pass().await;
    std::future::pending::<()>().await;
}

fn names(receipt: &Receipt) -> Vec<&str> {
    receipt.names().collect()
}

/// A receipt as another process gets it.
fn carried(receipt: &Receipt) -> Receipt {
    serde_json::from_str(&serde_json::to_string(receipt).unwrap()).unwrap()
}

/// An instance of each kind, and what must live as long.
async fn kinds() -> (Vec<Larder>, impl Sized) {
    let (server, testing) = (RedisServer::start(), Larder::testing());
    (vec![node(&server).await, memory().await, (*testing).clone()], (server, testing))
}

#[tokio::test]
async fn whatever_ends_names_leaves_its_receipt() {
    let (larders, _alive) = kinds().await;
    for larder in larders {
        let source = Source::of(1);
        let (written, receipt) = larder.receipts(write(&source, 7, 2)).await;
        assert_eq!((written, receipt.is_applied(), receipt.is_held()), (Ok(2), true, false));
        assert_eq!(names(&receipt), ["by:2", "tool:7", "tools"]);
        let (written, receipt) = larder.receipts(write_around(&source, 2)).await;
        assert_eq!((written, names(&receipt), receipt.is_applied()), (Ok(()), vec!["tools"], true));
        let ((), receipt) = larder.receipts(async { write_of_a_thread(&source) }).await;
        assert_eq!((names(&receipt), receipt.is_applied()), (vec!["tools"], true));
        let (own, receipt) = larder.receipts(larder::invalidate("a")).await;
        assert_eq!(own.unwrap(), receipt);
        let (own, receipt) = larder.receipts(larder::clear()).await;
        assert_eq!(own.unwrap(), receipt);
        let (own, receipt) = larder.receipts(larder::forget(tool(&source, 1))).await;
        assert_eq!(own.unwrap(), receipt);
        assert!(names(&receipt).len() == 2, "the entry, and what stands for all of them: {receipt:?}");
        let ((), repainted) = larder.receipts(repaint(&source, 1)).await;
        assert_eq!(names(&repainted), names(&receipt));
        // What ends nothing.
        for value in [0, 0] {
            let (failed, receipt) = larder.receipts(write(&source, 7, value)).await;
            assert!(failed.is_err() && names(&receipt).is_empty() && receipt.is_applied());
            let (failed, receipt) = larder.receipts(write_around(&source, value)).await;
            assert!(
                failed.is_err() && names(&receipt).is_empty(),
                "its fence ended nothing that was written: {receipt:?}"
            );
        }
        let (read, receipt) = larder.receipts(tool(&source, 1)).await;
        assert_eq!((read, names(&receipt).len()), (1, 0));
    }
}

/// The write is a function with the attribute: nobody but the scope has its receipt.
#[tokio::test]
async fn a_job_carries_what_a_function_ended_to_another_process() {
    let server = RedisServer::start();
    let proxy = Proxy::before(server.port());
    let mut there = Node::over(&proxy.url());
    assert_eq!(there.ask("connected"), "connected");
    let (here, source) = (node(&server).await, Source::of(1));
    there.ask("set 10");
    assert_eq!(there.ask("tools 1"), "11");
    there.ask("set 20");
    proxy.silence_all();
    let (written, receipt) = here.receipts(write(&source, 1, 2)).await;
    assert_eq!(written, Ok(2));
    assert_eq!(there.ask("tools 1"), "11", "it has not heard");
    assert_eq!(there.ask(&format!("after {}", serde_json::to_string(&receipt).unwrap())), "true");
    assert_eq!(there.ask("tools 1"), "21");
}

#[tokio::test]
async fn what_redis_has_not_confirmed_is_named_without_an_epoch_and_told_by_who_gets_it() {
    let server = RedisServer::start();
    let proxy = Proxy::before(server.port());
    let (a, b) = (node_at(&proxy.url()).await, node(&server).await);
    let source = Source::of(1);
    b.scope(tool(&source, 7)).await;
    proxy.silence_all();
    disconnected(&a).await;
    let (_, receipt) = a.receipts(write(&source, 7, 2)).await;
    assert!(!receipt.is_applied() && !receipt.is_held());
    assert_eq!(serde_json::to_string(&receipt).unwrap(), r#"{"by:2":null,"tool:7":null,"tools":null}"#);
    assert_eq!(b.scope(tool(&source, 7)).await, 8, "nobody told it");
    assert!(b.after(&carried(&receipt)).await.is_applied());
    assert_eq!(b.scope(tool(&source, 7)).await, 9);
    // It is known where it was made: nothing is ended twice.
    assert_eq!(a.after(&receipt).await, receipt);
    assert_eq!(a.stats().redis.pending_invalidations, 3);
}

/// Of several ends of a name the last one counts: what it raised lies behind all their writes.
#[tokio::test]
async fn a_name_that_was_ended_again_has_the_last_of_its_epochs_or_none() {
    let larder = Larder::testing();
    let (last, receipt) = larder
        .receipts(async {
            let _ = larder::invalidate("a").await.unwrap();
            larder::invalidate("a").await.unwrap()
        })
        .await;
    assert_eq!(last, receipt);
    let ((), receipt) = larder
        .receipts(async {
            assert!(larder::invalidate("a").await.unwrap().is_applied());
            larder.redis().fail();
            assert!(!larder::invalidate("a").await.unwrap().is_applied());
        })
        .await;
    assert!(!receipt.is_applied(), "the second write came behind the epoch of the first");
    let ((), receipt) = larder
        .receipts(async {
            assert!(!larder::invalidate("a").await.unwrap().is_applied());
            assert!(!larder::invalidate("b").await.unwrap().is_applied());
            larder.redis().recover();
            assert!(larder::invalidate("a").await.unwrap().is_applied());
        })
        .await;
    let text = serde_json::to_value(&receipt).unwrap();
    assert!(text["a"].is_string() && text["b"].is_null(), "{text}");
}

#[tokio::test]
async fn around_a_transaction_it_has_what_was_committed_and_inside_one_what_is_held() {
    let (larders, _alive) = kinds().await;
    for larder in larders {
        let source = Source::of(1);
        for (outcome, expected) in [(Ok(()), vec!["by:2", "tool:7", "tools"]), (Err(()), vec![])] {
            let (returned, receipt) = larder
                .receipts(larder::transaction(async {
                    write(&source, 7, 2).await?;
                    // Another transaction hands on what it holds, or drops it.
                    let (inner, inside) = larder::receipts(larder::transaction(async {
                        write(&source, 8, 0).await.unwrap_err();
                        larder::invalidate("inner").await.unwrap();
                        Err::<(), ()>(())
                    }))
                    .await;
                    assert!(inner.is_err() && names(&inside).is_empty(), "it was dropped: {inside:?}");
                    outcome
                }))
                .await;
            assert_eq!(returned, outcome);
            assert_eq!((names(&receipt), receipt.is_applied()), (expected, true));
        }
        let held = larder
            .transaction(async {
                let (_, held) = larder::receipts(write(&source, 7, 2)).await;
                let (_, inner) = larder::receipts(larder::transaction(write(&source, 8, 2))).await;
                for receipt in [&held, &inner] {
                    assert!(receipt.is_held() && !receipt.is_applied(), "{receipt:?}");
                }
                assert_eq!((names(&held)[1], names(&inner)[1]), ("tool:7", "tool:8"));
                Ok::<_, ()>(held)
            })
            .await
            .unwrap();
        // Made before the transaction, it is part of it all the same.
        let receipts = larder::receipts(write(&source, 7, 2));
        let (_, late) = larder.transaction(async { Ok::<_, ()>(receipts.await) }).await.unwrap();
        assert_eq!(late, held);
        // Who waits for a commit is known by nobody: the receipt ends what it names.
        larder.scope(tool(&source, 7)).await;
        let runs = source.runs();
        assert!(larder.after(&carried(&held)).await.is_applied());
        larder.scope(tool(&source, 7)).await;
        assert_eq!(source.runs(), runs + 1);
    }
}

#[tokio::test]
async fn every_scope_around_gathers_also_by_way_of_tasks_and_of_scopes_that_were_made_before() {
    let larder = memory().await;
    let source = Source::of(1);
    let before = larder.scope(write(&source, 1, 2));
    let (inner, outer) = larder
        .receipts(async {
            before.await.unwrap();
            let (_, inner) = larder::receipts(larder::invalidate("inner")).await;
            let frame = larder::frame();
            tokio::spawn(frame.scope(larder::invalidate("task"))).await.unwrap().unwrap();
            std::thread::spawn(move || frame.run(|| write_of_a_thread(&Source::of(1)))).join().unwrap();
            tokio::spawn(larder::invalidate("no part of it")).await.unwrap().unwrap();
            inner
        })
        .await;
    assert_eq!(names(&inner), ["inner"]);
    assert_eq!(names(&outer), ["by:2", "inner", "task", "tool:1", "tools"]);
    assert!(outer.is_applied());
}

#[tokio::test]
async fn what_nobody_waited_for_is_named_without_an_epoch() {
    let server = RedisServer::start();
    let (larder, gate) = (node(&server).await, Gate::default());
    let ((), receipt) = within(SOON, larder.receipts(async {
        tokio::select! { biased; () = write_and_wait(&gate) => {} () = async { gate.open(); gate.arrived().await } => {} }
    }))
    .await;
    assert!(!receipt.is_applied());
    assert_eq!(serde_json::to_string(&receipt).unwrap(), r#"{"tools":null}"#);
}

#[tokio::test]
async fn ends_of_two_instances_are_told_apart_only_by_their_names() {
    let (a, b) = (Larder::testing(), Larder::testing());
    let ((), receipt) = a
        .receipts(async {
            let _ = larder::invalidate("a").await.unwrap();
            let _ = larder::invalidate("both").await.unwrap();
            let _ = b.invalidate("b").await.unwrap();
            let _ = b.invalidate("both").await.unwrap();
        })
        .await;
    let text = serde_json::to_value(&receipt).unwrap();
    assert!(text["a"].is_string() && text["b"].is_string() && text["both"].is_null(), "{text}");
    assert!(!receipt.is_applied(), "an epoch of the one says nothing of the other");
}
