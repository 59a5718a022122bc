//! Promise 9: a cached function that calls cached functions ends with them, lives no longer, and never deadlocks.

use std::sync::Arc;
use std::time::{Duration, Instant};

use larder::{Larder, ttl_cached};
use tokio::sync::Barrier;

use crate::server::RedisServer;
use crate::support::{SOON, Source, eventually_async, memory, node, within};

#[ttl_cached(entity = "tools", skip(source))]
async fn tool(source: &Source) -> u64 {
    source.read()
}

#[ttl_cached(entity = "pages", skip(source))]
async fn page(source: &Source) -> u64 {
    tool(source).await
}

#[ttl_cached(entity = "sites", skip(source))]
async fn site(source: &Source) -> u64 {
    page(source).await
}

#[ttl_cached(entity = "brief", skip(source), ttl = "600ms", jitter = 0)]
async fn brief(source: &Source) -> u64 {
    source.read()
}

#[ttl_cached(entity = "long", skip(source), ttl = "1h")]
async fn long(source: &Source) -> u64 {
    brief(source).await
}

#[ttl_cached(entity = "failing", skip(source))]
async fn failing(source: &Source) -> Result<u64, u64> {
    Err(source.read())
}

#[ttl_cached(entity = "outer", skip(source))]
async fn over_a_failure(source: &Source) -> u64 {
    failing(source).await.unwrap_or_else(|error| error)
}

#[ttl_cached(entity = "picky", skip(source), store_if = |value| *value > 100)]
async fn picky(source: &Source) -> u64 {
    source.read()
}

#[ttl_cached(entity = "outer", skip(source))]
async fn over_an_unstored(source: &Source) -> u64 {
    picky(source).await
}

#[ttl_cached(entity = "first", skip(source), when = first)]
async fn first_page(source: &Source, first: bool) -> u64 {
    source.read()
}

#[ttl_cached(entity = "outer", skip(source))]
async fn over_an_uncached(source: &Source) -> u64 {
    first_page(source, false).await
}

#[ttl_cached(entity = "outer", skip(source))]
fn sync_outer(source: &Source) -> u64 {
    sync_inner(source)
}

#[ttl_cached(entity = "inner", skip(source))]
fn sync_inner(source: &Source) -> u64 {
    source.read()
}

async fn ends_with_the_innermost(larder: &Larder) {
    let source = Source::of(1);
    larder.scope(site(&source)).await;
    source.set(2);
    let _ = larder.invalidate("tools").await.unwrap();
    assert_eq!(larder.scope(site(&source)).await, 2, "after misses");
    let _ = larder.invalidate("sites").await.unwrap();
    larder.scope(site(&source)).await;
    source.set(3);
    let _ = larder.invalidate("tools").await.unwrap();
    assert_eq!(larder.scope(site(&source)).await, 3, "after hits");
    let _ = larder.invalidate("pages").await.unwrap();
    let runs = source.runs();
    larder.scope(site(&source)).await;
    assert_eq!(source.runs(), runs, "what lies deeper is not ended");
}

#[tokio::test]
async fn an_outer_function_is_ended_by_what_ends_an_inner_one_on_hits_as_on_misses() {
    ends_with_the_innermost(&memory().await).await;
    let server = RedisServer::start();
    ends_with_the_innermost(&node(&server).await).await;
}

#[tokio::test]
async fn an_outer_function_elsewhere_is_ended_by_what_ends_an_inner_one() {
    let server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    let source = Source::of(1);
    a.scope(site(&source)).await;
    // Read from Redis, where it carries all that it depends on.
    b.scope(site(&source)).await;
    assert_eq!(source.runs(), 1);
    source.set(2);
    let _ = a.invalidate("tools").await.unwrap();
    eventually_async(SOON, "the push", async || b.scope(site(&source)).await == 2).await;
}

#[tokio::test]
async fn a_joined_flight_hands_on_what_it_depends_on() {
    #[ttl_cached(entity = "inner", skip(source))]
    async fn slow_inner(source: &Source) -> u64 {
        let value = source.read();
        tokio::time::sleep(Duration::from_millis(30)).await;
        value
    }

    #[ttl_cached(entity = "outer", skip(source))]
    async fn outer(source: &Source, id: u64) -> u64 {
        slow_inner(source).await + id
    }

    let larder = memory().await;
    let source = Source::of(1);
    larder.scope(async { tokio::join!(outer(&source, 0), outer(&source, 10), outer(&source, 20)) }).await;
    assert_eq!(source.runs(), 1);
    source.set(2);
    let _ = larder.invalidate("inner").await.unwrap();
    let seen = larder.scope(async { tokio::join!(outer(&source, 0), outer(&source, 10), outer(&source, 20)) }).await;
    assert_eq!(seen, (2, 12, 22));
}

#[tokio::test]
async fn an_outer_function_does_not_outlive_the_deadline_of_an_inner_one() {
    let larder = memory().await;
    let source = Source::of(1);
    larder.scope(brief(&source)).await;
    let stored = Instant::now();
    source.set(2);
    tokio::time::sleep_until((stored + Duration::from_millis(300)).into()).await;
    assert_eq!(larder.scope(long(&source)).await, 1, "made of the value in memory");
    tokio::time::sleep_until((stored + Duration::from_millis(630)).into()).await;
    assert_eq!(larder.scope(long(&source)).await, 2);
}

#[tokio::test]
async fn an_outer_function_read_from_redis_does_not_outlive_the_deadline_of_an_inner_one() {
    let server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    let source = Source::of(1);
    a.scope(long(&source)).await;
    let stored = Instant::now();
    source.set(2);
    assert_eq!(b.scope(long(&source)).await, 1);
    tokio::time::sleep_until((stored + Duration::from_millis(650)).into()).await;
    assert_eq!(b.scope(long(&source)).await, 2);
}

#[tokio::test]
async fn over_what_is_not_stored_nothing_is_stored() {
    let larder = memory().await;
    let source = Source::of(1);
    larder
        .scope(async {
            over_a_failure(&source).await;
            over_a_failure(&source).await;
            assert_eq!(source.runs(), 2, "a failure");
            over_an_unstored(&source).await;
            over_an_unstored(&source).await;
            assert_eq!(source.runs(), 4, "refused by store_if");
            over_an_uncached(&source).await;
            over_an_uncached(&source).await;
            assert_eq!(source.runs(), 6, "refused by when");
        })
        .await;
}

#[tokio::test]
async fn sync_functions_stack_too() {
    let larder = memory().await;
    let source = Source::of(1);
    larder.run(|| sync_outer(&source));
    source.set(2);
    let _ = larder.invalidate("inner").await.unwrap();
    assert_eq!(larder.run(|| sync_outer(&source)), 2);
}

#[tokio::test]
async fn recursion_through_other_keys_is_cached() {
    #[ttl_cached(entity = "fibonacci", skip(source))]
    async fn fibonacci(source: &Source, n: u64) -> u64 {
        source.read();
        if n < 2 {
            return n;
        }
        Box::pin(fibonacci(source, n - 1)).await + Box::pin(fibonacci(source, n - 2)).await
    }

    let source = Source::default();
    assert_eq!(within(SOON, memory().await.scope(fibonacci(&source, 60))).await, 1_548_008_755_920);
    assert_eq!(source.runs(), 61);
}

#[tokio::test]
async fn recursion_into_the_same_key_does_not_hang() {
    #[ttl_cached(entity = "loops", skip(depth))]
    async fn same_key(depth: u32) -> u32 {
        if depth == 0 { 0 } else { Box::pin(same_key(depth - 1)).await + 1 }
    }

    assert_eq!(within(SOON, memory().await.scope(same_key(3))).await, 3);
}

#[ttl_cached(entity = "cycle", skip(depth, both))]
async fn one_of_two(key: bool, depth: u32, both: &Barrier) -> u32 {
    if depth == 2 {
        both.wait().await;
    }
    if depth == 0 { 0 } else { Box::pin(one_of_two(!key, depth - 1, both)).await + 1 }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_tasks_that_wait_for_each_other_s_keys_do_not_hang() {
    for _ in 0..100 {
        let (larder, both) = (memory().await, Arc::new(Barrier::new(2)));
        let spawn = |key| {
            let both = Arc::clone(&both);
            tokio::spawn(larder.scope(async move { one_of_two(key, 2, &both).await }))
        };
        let (left, right) = (spawn(true), spawn(false));
        within(SOON, left).await.unwrap();
        within(SOON, right).await.unwrap();
    }
}

#[tokio::test]
async fn two_threads_that_wait_for_each_other_s_keys_do_not_hang() {
    #[ttl_cached(entity = "cycle", skip(depth, both))]
    fn one_of_two_in_a_thread(key: bool, depth: u32, both: &std::sync::Barrier) -> u32 {
        if depth == 2 {
            both.wait();
        }
        if depth == 0 { 0 } else { one_of_two_in_a_thread(!key, depth - 1, both) + 1 }
    }

    for _ in 0..50 {
        let (larder, both) = (memory().await, Arc::new(std::sync::Barrier::new(2)));
        let spawn = |key| {
            let (larder, both) = (larder.clone(), Arc::clone(&both));
            tokio::task::spawn_blocking(move || larder.run(|| one_of_two_in_a_thread(key, 2, &both)))
        };
        let (left, right) = (spawn(true), spawn(false));
        within(SOON, left).await.unwrap();
        within(SOON, right).await.unwrap();
    }
}
