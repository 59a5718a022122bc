//! Promise 9 in the shape that users give it: a crate wraps the cached functions of another, and a third wraps that one.

use std::sync::Arc;
use std::time::Duration;

use larder::Larder;
use larder::testkit::Testing;
use metadata_extension::{Config, Origin};

use crate::node::Node;
use crate::server::RedisServer;
use crate::support::{SOON, eventually_async, memory, node};

fn config(commit: &str) -> Config {
    Config { commit: commit.to_owned(), issuer: "issuer".to_owned() }
}

/// The innermost changes, and what ends it ends all three layers, though all of them were hits before.
async fn the_innermost_ends_all(here: &Larder, there: &Larder) {
    let (config, origin) = (Arc::new(config("c1")), Arc::new(Origin::default()));
    let page = || here.scope(metadata_extension::page(Arc::clone(&config), Arc::clone(&origin)));
    for round in 1..=3 {
        origin.set_providers(round);
        there.invalidate("providers").await.unwrap();
        eventually_async(SOON, "the innermost", async || page().await[1].base.providers == round).await;
        let runs = origin.runs();
        assert_eq!(page().await[0].base.providers, round);
        assert_eq!(origin.runs(), runs, "and it is cached again");
        // The middle layers are asked again: their hits are what the next page is made of.
        here.invalidate("pages").await.unwrap();
        let runs = origin.runs();
        page().await;
        assert_eq!(origin.runs(), runs + 1, "of hits alone");
    }
    origin.set_quota(7);
    there.invalidate("quota").await.unwrap();
    eventually_async(SOON, "what the middle adds", async || page().await[0].quota == 7).await;
    assert_eq!(page().await[0].base.providers, 3);
}

#[tokio::test]
async fn what_ends_the_innermost_ends_three_layers_in_memory() {
    let larder = memory().await;
    the_innermost_ends_all(&larder, &larder).await;
}

#[tokio::test]
async fn what_ends_the_innermost_ends_three_layers_over_redis() {
    let server = RedisServer::start();
    the_innermost_ends_all(&node(&server).await, &node(&server).await).await;
}

#[tokio::test]
async fn a_layer_read_from_redis_hands_on_what_it_depends_on() {
    let server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    let (config, origin) = (config("c1"), Origin::default());
    a.scope(metadata_extension::metadata(&config, &origin, "h")).await;
    let runs = origin.runs();
    b.scope(metadata_extension::metadata(&config, &origin, "h")).await;
    assert_eq!(origin.runs(), runs, "read from Redis, no inner function was called here");
    origin.set_providers(5);
    a.invalidate("providers").await.unwrap();
    let shown = async || b.scope(metadata_extension::metadata(&config, &origin, "h")).await.base.providers;
    eventually_async(SOON, "the push", async || shown().await == 5).await;
}

#[tokio::test]
async fn another_process_ends_all_layers() {
    let server = RedisServer::start();
    let here = node(&server).await;
    let mut there = Node::over(&server.url());
    assert_eq!(there.ask("connected"), "connected");
    let (config, origin) = (Arc::new(config("c1")), Arc::new(Origin::default()));
    let page = || here.scope(metadata_extension::page(Arc::clone(&config), Arc::clone(&origin)));
    page().await;
    assert_eq!(there.ask("extended c1"), "0 providers", "its layers come from Redis");
    assert_eq!(there.ask("extended runs"), "0");
    origin.set_providers(9);
    assert_eq!(there.ask("invalidate providers"), "true");
    eventually_async(SOON, "the push", async || page().await[0].base.providers == 9).await;
    assert_eq!(there.ask("extended c1"), "9 providers");
}

#[tokio::test]
async fn a_new_configuration_is_seen_by_every_layer_at_the_next_call_and_never_before() {
    let server = RedisServer::start();
    for larder in [memory().await, node(&server).await] {
        larder
            .scope(async {
                let origin = Origin::default();
                for commit in ["c1", "c2", "c1", "c3", "c2"] {
                    let config = config(commit);
                    for _ in 0..3 {
                        let line = metadata_extension::status(&config, &origin).await;
                        assert_eq!(line, format!("0 at {commit}, extended"), "a ttl function over one with a revision");
                        let metadata = metadata_extension::metadata(&config, &origin, "h").await;
                        assert_eq!(metadata.base.commit, commit);
                    }
                }
                let runs = origin.runs();
                metadata_extension::status(&config("c2"), &origin).await;
                assert_eq!(origin.runs(), runs, "the same configuration is a hit");
            })
            .await;
    }
}

#[tokio::test]
async fn what_is_detached_ends_nothing() {
    let larder = memory().await;
    larder
        .scope(async {
            let origin = Origin::default();
            let before = metadata_extension::banner(&origin).await;
            origin.set_quota(5);
            larder::invalidate("quota").await.unwrap();
            assert_eq!(metadata_extension::quota(&origin).await, 5);
            assert_eq!(metadata_extension::banner(&origin).await, before);
            larder::invalidate("banners").await.unwrap();
            assert_eq!(metadata_extension::banner(&origin).await, "about 5");
        })
        .await;
}

#[tokio::test]
async fn sync_layers_in_threads_stack_too() {
    let larder = memory().await;
    let origin = Origin::default();
    let words = || larder.run(|| metadata_extension::providers_in_words(&origin));
    assert_eq!(words(), "0 providers");
    let runs = origin.runs();
    words();
    assert_eq!(origin.runs(), runs);
    origin.set_providers(2);
    larder.invalidate("providers").await.unwrap();
    assert_eq!(words(), "2 providers");
}

#[tokio::test]
async fn a_task_that_outlives_its_body_harms_nobody() {
    use larder::ttl_cached;

    #[ttl_cached(entity = "spawner", skip(release))]
    async fn spawner(release: Arc<tokio::sync::Notify>) -> u32 {
        let late = larder::frame().scope(async move {
            release.notified().await;
            metadata_extension::quota(&Origin::default()).await
        });
        drop(tokio::spawn(late));
        1
    }

    let larder = memory().await;
    let release = Arc::new(tokio::sync::Notify::new());
    larder
        .scope(async {
            spawner(Arc::clone(&release)).await;
            release.notify_one();
            tokio::task::yield_now().await;
            assert_eq!(spawner(Arc::clone(&release)).await, 1);
            assert_eq!(larder::stats().entities["spawner"].hits(), 1);
        })
        .await;
}

#[tokio::test]
async fn a_spawned_task_that_calls_the_key_of_its_own_body_does_not_hang() {
    use larder::ttl_cached;

    #[ttl_cached(entity = "loops", skip(depth))]
    async fn loops(depth: u32) -> u32 {
        if depth == 0 {
            return 0;
        }
        tokio::spawn(larder::frame().scope(again(depth - 1))).await.unwrap_or_default() + 1
    }

    /// The compiler is told the type of a future that contains itself.
    fn again(depth: u32) -> std::pin::Pin<Box<dyn Future<Output = u32> + Send>> {
        Box::pin(loops(depth))
    }

    let larder = memory().await;
    assert_eq!(crate::support::within(SOON, larder.scope(loops(3))).await, 3);
}

#[tokio::test]
async fn no_layer_outlives_the_shortest_life_below_it_on_hits_as_on_misses() {
    let first = Larder::testing();
    let second = first.another();
    for larder in [&first, &second, &first.without_redis()] {
        let (config, origin) = (Arc::new(config("c1")), Arc::new(Origin::default()));
        let page = || larder.scope(metadata_extension::page(Arc::clone(&config), Arc::clone(&origin)));
        larder.clear().await.unwrap();
        assert_eq!(page().await[0].quota, 0);
        // The quota lives for 5 s. Two seconds later another page is made of hits: it gets what is left, not a new life.
        larder.clock().advance(Duration::from_secs(2));
        larder.invalidate("pages").await.unwrap();
        let runs = origin.runs();
        page().await;
        assert_eq!(origin.runs(), runs + 1, "of hits alone");
        origin.set_quota(9);
        larder.clock().advance(Duration::from_millis(2_999));
        assert_eq!(page().await[0].quota, 0, "five seconds are not over");
        larder.clock().advance(Duration::from_millis(1));
        assert_eq!(page().await[0].quota, 9, "a deadline is an instant, never a duration");
        let metadata = larder.scope(metadata_extension::metadata(&config, &origin, "a.example")).await;
        assert_eq!(metadata.quota, 9, "nor does a layer with a revision outlive it");
    }
}

#[tokio::test]
async fn a_layer_over_a_stand_in_that_failed_and_came_back_is_right() {
    let (a, config, origin) = (Larder::testing(), Arc::new(config("c1")), Arc::new(Origin::default()));
    let b = a.another();
    let page = |larder: &Testing| larder.scope(metadata_extension::page(Arc::clone(&config), Arc::clone(&origin)));
    page(&a).await;
    page(&b).await;
    a.redis().fail();
    a.clock().advance(Duration::from_secs(1));
    origin.set_providers(4);
    a.invalidate("providers").await.unwrap();
    assert_eq!(page(&a).await[0].base.providers, 4, "fresh at home");
    a.redis().recover();
    a.clock().advance(Duration::from_secs(1));
    assert_eq!(page(&b).await[0].base.providers, 4, "and elsewhere, once it was told");
}
