//! `larder::transaction`: what is ended inside follows the commit.

use std::sync::Arc;

use larder::{Larder, invalidates, ttl_cached};

use crate::proxy::Proxy;
use crate::server::RedisServer;
use crate::support::{Gate, SOON, Source, disconnected, eventually_async, memory, node, node_at};

#[ttl_cached(entity = "tools", skip(source), tags("tool:{id}"))]
pub(crate) async fn tool(source: &Source, id: u64) -> u64 {
    source.read() + id
}

#[invalidates("tools")]
pub(crate) async fn write(source: &Source, value: u64) -> Result<(), ()> {
    source.set(value);
    if value == 0 { Err(()) } else { Ok(()) }
}

#[invalidates("tools", phase = around)]
async fn write_around(source: &Source, value: u64) -> Result<(), ()> {
    source.set(value);
    if value == 0 { Err(()) } else { Ok(()) }
}

async fn runs(larder: &Larder, source: &Source) -> u64 {
    let before = source.runs();
    larder.scope(tool(source, 0)).await;
    source.runs() - before
}

/// A task that is no part of the transaction in which it is waited for.
pub(crate) async fn outside<F: Future<Output: Send> + Send + 'static>(future: F) -> F::Output {
    tokio::spawn(future).await.unwrap()
}

/// [`runs`] there.
async fn runs_outside(larder: &Larder, source: &Arc<Source>) -> u64 {
    let (larder, source) = (larder.clone(), Arc::clone(source));
    outside(async move { runs(&larder, &source).await }).await
}

/// What a database says of its commit.
pub(crate) type Outcome<T = ()> = Result<T, &'static str>;

#[tokio::test]
async fn ends_follow_the_commit_and_a_rollback_ends_nothing() {
    let server = RedisServer::start();
    let over_redis = (node(&server).await, node(&server).await);
    let testing = Larder::testing();
    let alone = memory().await;
    for (a, b) in [over_redis, (alone.clone(), alone), ((*testing).clone(), (*testing.another()).clone())] {
        let source = Arc::new(Source::of(1));
        runs(&a, &source).await;
        runs(&b, &source).await;
        for outcome in [Err("conflict"), Ok(())] {
            let returned: Outcome = a
                .transaction(async {
                    let receipt = larder::invalidate("tools").await.unwrap();
                    assert!(receipt.is_held() && !receipt.is_applied());
                    assert_eq!(receipt.names().collect::<Vec<_>>(), ["tools"]);
                    assert_eq!(serde_json::to_string(&receipt).unwrap(), r#"{"tools":null}"#);
                    for larder in [&a, &b] {
                        assert_eq!(runs_outside(larder, &source).await, 0, "nothing is ended before the end");
                    }
                    source.set(2);
                    outcome
                })
                .await;
            assert_eq!(returned, outcome);
            assert_eq!(runs(&a, &source).await, u64::from(outcome.is_ok()), "{outcome:?}");
        }
        eventually_async(SOON, "there", async || b.scope(tool(&source, 0)).await == 2).await;
        let stats = a.stats().entities["tools"].invalidations;
        assert_eq!(stats, 1, "what was dropped was never made");
    }
}

#[tokio::test]
async fn every_way_to_end_is_held() {
    let larder = memory().await;
    let source = Source::of(1);
    for way in 0..4 {
        larder.scope(tool(&source, 0)).await;
        let before = source.runs();
        for commits in [false, true] {
            let _: Outcome = larder
                .transaction(async {
                    match way {
                        0 => write(&source, 2).await.unwrap(),
                        1 => drop(larder::invalidate("tool:0").await.unwrap()),
                        2 => assert!(larder::forget(tool(&source, 0)).await.unwrap().is_held()),
                        _ => assert!(larder::clear().await.unwrap().is_held()),
                    }
                    if commits { Ok(()) } else { Err("conflict") }
                })
                .await;
            larder.scope(tool(&source, 0)).await;
            assert_eq!(source.runs() - before, u64::from(commits), "way {way}");
        }
    }
}

#[tokio::test]
async fn a_transaction_that_is_dropped_ends_its_names_and_one_that_panics_does_not() {
    for panics in [false, true] {
        let larder = memory().await;
        let source = Arc::new(Source::of(1));
        runs(&larder, &source).await;
        let (inner, of_the_task) = (larder.clone(), Arc::clone(&source));
        let held = Arc::new(Gate::default());
        let gate = Arc::clone(&held);
        let task = tokio::spawn(async move {
            inner
                .transaction(async {
                    write(&of_the_task, 2).await.unwrap();
                    gate.pass().await;
                    assert!(!panics, "before the commit");
                    // The commit that never answers.
                    std::future::pending::<Outcome>().await
                })
                .await
        });
        held.arrived().await;
        held.open();
        if !panics {
            // It waits for its commit when it is dropped.
            tokio::task::yield_now().await;
            task.abort();
        }
        assert_eq!(task.await.unwrap_err().is_panic(), panics);
        assert_eq!(runs(&larder, &source).await, u64::from(!panics));
    }
}

#[tokio::test]
async fn a_transaction_dropped_while_something_else_panics_ends_its_names() {
    let larder = memory().await;
    let source = Arc::new(Source::of(1));
    runs(&larder, &source).await;
    let (inner, of_the_task) = (larder.clone(), Arc::clone(&source));
    let task = tokio::spawn(async move {
        let committing = inner.transaction(async {
            write(&of_the_task, 2).await.unwrap();
            std::future::pending::<Outcome>().await
        });
        let neighbour = async {
            tokio::task::yield_now().await;
            panic!("a neighbour");
        };
        tokio::join!(committing, neighbour)
    });
    assert!(task.await.unwrap_err().is_panic());
    assert_eq!(runs(&larder, &source).await, 1, "its commit may have got through");
}

#[tokio::test]
async fn an_inner_transaction_hands_its_names_to_the_outer() {
    let larder = memory().await;
    let source = Source::of(1);
    for (inner_ok, outer_ok) in [(true, true), (true, false), (false, true), (false, false)] {
        runs(&larder, &source).await;
        let _: Outcome = larder
            .transaction(async {
                let _: Outcome = larder::transaction(async {
                    write(&source, 2).await.unwrap();
                    if inner_ok { Ok(()) } else { Err("savepoint") }
                })
                .await;
                let before = source.runs();
                tool(&source, 0).await;
                assert_eq!(source.runs() - before, u64::from(inner_ok), "held by the outer now");
                if outer_ok { Ok(()) } else { Err("conflict") }
            })
            .await;
        assert_eq!(runs(&larder, &source).await, u64::from(inner_ok && outer_ok), "{inner_ok} {outer_ok}");
    }
}

#[tokio::test]
async fn what_outlives_an_inner_transaction_is_part_of_the_outer() {
    let larder = memory().await;
    let source = Arc::new(Source::of(1));
    for (outcome, expected) in [(Err("conflict"), 0), (Ok(()), 1)] {
        source.set(1);
        runs(&larder, &source).await;
        let returned: Outcome = larder
            .transaction(async {
                let left = larder::transaction(async { Outcome::Ok(larder::frame()) }).await?;
                source.set(2);
                let ending = larder::receipts(async { larder::invalidate("tools").await.unwrap() });
                let (receipt, gathered) = left.scope(ending).await;
                assert!(receipt.is_held() && gathered.is_held(), "the outer one has not come to its end");
                assert_eq!(left.scope(tool(&source, 0)).await, 2, "it sees its own write");
                assert_eq!(runs_outside(&larder, &source).await, 0, "and nobody else does");
                outcome
            })
            .await;
        assert_eq!(returned, outcome);
        assert_eq!(runs(&larder, &source).await, expected, "{outcome:?}");
    }
}

#[tokio::test]
async fn it_goes_along_into_tasks_by_the_frame_and_ends_with_the_future() {
    let larder = memory().await;
    let source = Arc::new(Source::of(1));
    runs(&larder, &source).await;
    let gate = Arc::new(Gate::default());
    let late = {
        let (source, gate) = (Arc::clone(&source), Arc::clone(&gate));
        larder
            .transaction(async move {
                let inside = Arc::clone(&source);
                let first = larder::frame().scope(async move { write(&inside, 2).await });
                tokio::spawn(first).await.unwrap().unwrap();
                assert_eq!(tool(&source, 0).await, 2, "held from the task");
                let late = larder::frame().scope(async move {
                    gate.pass().await;
                    let receipt = larder::invalidate("tools").await.unwrap();
                    tool(&source, 0).await;
                    receipt
                });
                Outcome::Ok(tokio::spawn(late))
            })
            .await
            .unwrap()
    };
    assert_eq!(runs(&larder, &source).await, 1);
    gate.arrived().await;
    gate.open();
    assert!(late.await.unwrap().is_applied(), "nothing holds it any more");
    assert_eq!(runs(&larder, &source).await, 0, "and what the task computed then is stored");
}

#[tokio::test]
async fn a_scope_that_was_made_before_it_takes_part() {
    let larder = memory().await;
    let source = Arc::new(Source::of(1));
    runs(&larder, &source).await;
    for (outcome, expected) in [(Err("conflict"), 0), (Ok(()), 1)] {
        let made_before = larder.scope(async {
            let receipt = larder::invalidate("tools").await.unwrap();
            let inner = larder::bypass(async { larder::invalidate("tool:0").await.unwrap() }).await;
            (receipt.is_held(), inner.is_held())
        });
        let returned: Outcome = larder
            .transaction(async {
                assert_eq!(made_before.await, (true, true));
                outcome
            })
            .await;
        assert_eq!(returned, outcome);
        assert_eq!(runs(&larder, &source).await, expected, "{outcome:?}");
    }
}

#[tokio::test]
async fn a_frame_of_elsewhere_takes_part_in_the_transaction_that_it_is_used_in() {
    #[invalidates("tools")]
    fn set(source: &Source, value: u64) {
        source.set(value);
    }

    let larder = memory().await;
    let source = Arc::new(Source::of(1));
    runs(&larder, &source).await;
    let of_before = larder.run(larder::frame);
    let of_another = larder.transaction(async { Outcome::Ok(larder::frame()) }).await.unwrap();
    for frame in [of_before, of_another] {
        let _: Outcome = larder
            .transaction(async {
                frame.run(|| set(&source, 2));
                assert!(frame.scope(larder::invalidate("tools")).await.unwrap().is_held());
                assert_eq!(runs_outside(&larder, &source).await, 0, "it is not committed yet");
                Err("conflict")
            })
            .await;
        assert_eq!(runs(&larder, &source).await, 0);
    }
}

#[tokio::test]
async fn each_name_is_sent_once_and_behind_the_commit() {
    let server = RedisServer::start();
    let larder = node(&server).await;
    let calls = async || {
        let info: String = server.run("INFO commandstats").await;
        let line = info.lines().find(|line| line.starts_with("cmdstat_eval:")).unwrap_or("calls=0,").to_owned();
        line.split("calls=").nth(1).unwrap().split(',').next().unwrap().parse::<u64>().unwrap()
    };
    let before = calls().await;
    let held: Outcome = larder
        .transaction(async {
            for id in 0..20 {
                let _ = larder::invalidate(format!("tool:{id}")).await.unwrap();
                let _ = larder::invalidate("tools").await.unwrap();
            }
            assert_eq!(calls().await, before, "nothing is sent before the end");
            Ok(())
        })
        .await;
    held.unwrap();
    assert_eq!(calls().await, before + 21, "each name once");
}

#[tokio::test]
async fn a_commit_while_redis_is_away_is_owed() {
    let server = RedisServer::start();
    let proxy = Proxy::before(server.port());
    let (a, b) = (node_at(&proxy.url()).await, node(&server).await);
    let source = Source::of(1);
    runs(&b, &source).await;
    proxy.silence_all();
    disconnected(&a).await;
    let committed: Outcome = a.transaction(async { write(&source, 2).await.map_err(|()| "refused") }).await;
    committed.unwrap();
    assert_eq!(a.stats().redis.pending_invalidations, 1);
    assert_eq!(a.scope(tool(&source, 0)).await, 2);
    proxy.resume();
    eventually_async(SOON, "there", async || b.scope(tool(&source, 0)).await == 2).await;
}

#[tokio::test]
async fn a_fence_inside_stands_until_the_transaction_ends() {
    let here = Larder::testing();
    let there = here.another();
    let source = Arc::new(Source::of(1));
    let unstored = async || {
        let twice = runs_outside(&there, &source).await + runs_outside(&there, &source).await;
        twice == 2
    };
    for outcome in [Ok(()), Err("conflict")] {
        let returned: Outcome = here
            .transaction(async {
                write_around(&source, 2).await.unwrap();
                assert!(unstored().await, "not committed yet");
                let _: Outcome =
                    larder::transaction(async { write_around(&source, 0).await.map_err(|()| "savepoint") }).await;
                assert!(unstored().await, "the outer one's stands");
                outcome
            })
            .await;
        assert_eq!(returned, outcome);
        for larder in [&here, &there] {
            assert!(runs(larder, &source).await + runs(larder, &source).await < 2, "it fell with the transaction");
        }
    }
}

#[tokio::test]
async fn what_ends_well_is_told_by_a_trait() {
    enum Answer {
        Committed,
        Refused,
    }

    impl larder::Conclusion for Answer {
        fn is_committed(&self) -> bool {
            matches!(self, Self::Committed)
        }
    }

    type Aliased = Outcome<u8>;
    let larder = memory().await;
    let source = Source::of(1);
    macro_rules! ends {
        ($value:expr) => {{
            runs(&larder, &source).await;
            let transaction = larder.transaction(async {
                let _ = larder::invalidate("tools").await.unwrap();
                $value
            });
            let _ = transaction.await;
            runs(&larder, &source).await
        }};
    }
    assert_eq!(ends!(()), 1);
    assert_eq!(ends!(Some(1)), 1);
    assert_eq!(ends!(None::<u8>), 1, "no row is an answer, too");
    assert_eq!(ends!(vec![1]), 1);
    assert_eq!(ends!(Aliased::Ok(1)), 1);
    assert_eq!(ends!(Aliased::Err("no")), 0);
    assert_eq!(ends!(Answer::Committed), 1);
    assert_eq!(ends!(Answer::Refused), 0);
}
