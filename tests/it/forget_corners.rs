//! `larder::forget` where it is easily missed: beside other ends, through scopes, over many entries, from processes that are off.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use larder::{Larder, hexsha_cached, ttl_cached};

use crate::proxy::Proxy;
use crate::server::RedisServer;
use crate::support::{Config, SOON, Source, connected, disconnected, eventually_async, memory, node, node_at, within};

#[ttl_cached(entity = "tools", skip(source), ttl = "60s")]
async fn tool(source: &Source, id: u64) -> u64 {
    source.read() + id
}

#[ttl_cached(entity = "tools", skip(source), ttl = "60s", store = memory)]
async fn local_tool(source: &Source, id: u64) -> u64 {
    source.read() + id
}

#[hexsha_cached(skip(source), keep = 1)]
async fn issuer(config: &Config, source: &Source, host: u64) -> u64 {
    source.read() + host
}

/// What another process ended while the link was down is noticed, also where this one ended another entry meanwhile.
#[tokio::test]
async fn an_end_of_ones_own_does_not_hide_those_that_were_missed() {
    let server = RedisServer::start();
    let proxy = Proxy::before(server.port());
    let (a, b) = (node(&server).await, node_at(&proxy.url()).await);
    let source = Source::of(10);
    for id in 0..3 {
        b.scope(tool(&source, id)).await;
        b.scope(local_tool(&source, id)).await;
        a.scope(local_tool(&source, id)).await;
    }
    proxy.silence_all();
    disconnected(&b).await;
    source.set(20);
    a.scope(larder::forget(tool(&source, 1))).await.unwrap();
    a.scope(larder::forget(local_tool(&source, 1))).await.unwrap();
    assert!(!b.scope(larder::forget(tool(&source, 2))).await.unwrap().is_applied());
    assert!(!b.scope(larder::forget(local_tool(&source, 2))).await.unwrap().is_applied());
    proxy.resume();
    connected(&b).await;
    assert_eq!(b.scope(tool(&source, 1)).await, 21);
    assert_eq!(b.scope(local_tool(&source, 1)).await, 21);
}

#[tokio::test]
async fn a_process_whose_caches_are_off_ends_those_of_the_others() {
    let server = RedisServer::start();
    let a = node(&server).await;
    let off = Larder::builder().ignore_environment().redis(server.url()).namespace("it").enabled(false);
    let off = off.build().await.unwrap();
    connected(&off).await;
    let source = Source::of(10);
    a.scope(tool(&source, 1)).await;
    source.set(20);
    off.scope(larder::forget(tool(&source, 1))).await.unwrap();
    eventually_async(SOON, "the push", async || a.scope(tool(&source, 1)).await == 21).await;
}

#[tokio::test]
async fn a_call_within_a_scope_is_asked_and_not_run() {
    let (here, outside) = (memory().await, memory().await);
    let source = Source::of(10);
    here.scope(tool(&source, 1)).await;
    here.scope(tool(&source, 2)).await;
    source.set(20);
    let runs = source.runs();
    outside.scope(larder::forget(here.scope(tool(&source, 1)))).await.unwrap();
    outside.scope(larder::forget(here.scope(tool(&source, 3)))).await.unwrap();
    here.scope(larder::forget(larder::refresh(larder::detached(tool(&source, 2))))).await.unwrap();
    assert_eq!(source.runs(), runs, "a body ran");
    assert_eq!(here.scope(tool(&source, 1)).await, 21);
    assert_eq!(here.scope(tool(&source, 2)).await, 22);
}

/// A mode is not where the instance comes from: it is the one in whose scope the call is awaited.
#[tokio::test]
async fn a_mode_given_before_the_scope_keeps_the_scope() {
    let here = memory().await;
    let source = Source::of(10);
    here.scope(larder::refresh(tool(&source, 1))).await;
    here.scope(larder::detached(tool(&source, 1))).await;
    assert_eq!((source.runs(), here.stats().total().hits()), (1, 1));
}

#[tokio::test]
async fn of_several_calls_the_first_is_ended() {
    let larder = memory().await;
    let source = Source::of(10);
    larder
        .scope(async {
            tool(&source, 1).await;
            tool(&source, 2).await;
            source.set(20);
            larder::forget(async { tokio::join!(tool(&source, 1), tool(&source, 2)) }).await.unwrap();
            assert_eq!((tool(&source, 1).await, tool(&source, 2).await), (21, 12));
        })
        .await;
}

#[tokio::test]
async fn to_forget_under_another_revision_pushes_none_out() {
    let larder = memory().await;
    let source = Source::of(10);
    larder
        .scope(async {
            issuer(&Config("new"), &source, 1).await;
            larder::forget(issuer(&Config("old"), &source, 1)).await.unwrap();
            larder::bypass(issuer(&Config("old"), &source, 1)).await;
            let runs = source.runs();
            issuer(&Config("new"), &source, 1).await;
            assert_eq!(source.runs(), runs, "the revision in force lives on");
        })
        .await;
}

/// Runs a future on this thread.
fn on_this_thread<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

#[tokio::test]
async fn a_sync_function_that_waits_for_an_async_one_does_not_wait_for_ever() {
    #[ttl_cached(entity = "tools")]
    fn outer() -> u64 {
        on_this_thread(inner())
    }
    #[ttl_cached(entity = "tools")]
    async fn inner() -> u64 {
        7
    }
    let larder = memory().await;
    let (done, ended) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let mut asked = std::pin::pin!(larder.scope(larder::forget(async { outer() })));
        let answer = asked.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop()));
        let _ = done.send(matches!(answer, std::task::Poll::Ready(Err(_))));
    });
    assert!(within(SOON, ended).await.unwrap());
}

#[tokio::test]
async fn a_frame_of_another_place_makes_what_is_made_in_it_unstored() {
    #[ttl_cached(entity = "pages", skip(source, frame), ttl = "60s")]
    async fn page(source: &Source, frame: &larder::Frame) -> u64 {
        frame.scope(tool(source, 1)).await
    }
    #[ttl_cached(entity = "pages", skip(source, frame), ttl = "60s")]
    fn sheet(source: &Source, frame: &larder::Frame) -> u64 {
        frame.run(|| on_another_thread(tool(source, 1)))
    }
    fn on_another_thread<F: Future<Output: Send> + Send>(future: F) -> F::Output {
        let frame = larder::frame();
        std::thread::scope(|scope| scope.spawn(|| on_this_thread(frame.scope(future))).join().unwrap())
    }
    let (here, there) = (memory().await, memory().await);
    let outside = here.run(larder::frame);
    let elsewhere = there.run(larder::frame);
    for frame in [&outside, &elsewhere] {
        let source = Source::of(10);
        for larder in [&here, &there] {
            larder.scope(larder::invalidate("tools")).await.unwrap();
            larder.scope(larder::invalidate("pages")).await.unwrap();
        }
        assert_eq!(here.scope(page(&source, frame)).await, 11);
        assert_eq!(here.run(|| sheet(&source, frame)), 11);
        source.set(20);
        for larder in [&here, &there] {
            larder.invalidate("tools").await.unwrap();
        }
        assert_eq!(here.scope(page(&source, frame)).await, 21, "an old page");
        assert_eq!(here.run(|| sheet(&source, frame)), 21, "an old sheet");
    }
}

/// Two bodies that wait for each other, each through `detached`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_cycle_of_detached_calls_waits_for_ever() {
    #[derive(Default)]
    struct Pair {
        both: [tokio::sync::Notify; 2],
        begun: [AtomicBool; 2],
    }
    #[ttl_cached(entity = "pairs", skip(pair), ttl = "60s")]
    async fn half(pair: Arc<Pair>, side: usize) -> usize {
        // Only the first run of each side calls the other.
        if !pair.begun[side].swap(true, Ordering::SeqCst) {
            pair.both[1 - side].notify_one();
            pair.both[side].notified().await;
            return larder::detached(boxed(Arc::clone(&pair), 1 - side)).await + 1;
        }
        0
    }
    fn boxed(pair: Arc<Pair>, side: usize) -> std::pin::Pin<Box<dyn Future<Output = usize> + Send>> {
        Box::pin(half(pair, side))
    }
    let (larder, pair) = (memory().await, Arc::new(Pair::default()));
    let runs = [0, 1].map(|side| {
        let (larder, pair) = (larder.clone(), Arc::clone(&pair));
        tokio::spawn(async move { larder.scope(half(pair, side)).await })
    });
    for run in runs {
        within(SOON, run).await.unwrap();
    }
}

#[tokio::test]
async fn to_ask_a_leader_for_its_entry_takes_no_lease() {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    #[larder::leader("corners", ttl = "300s", grace = "10s")]
    #[ttl_cached(entity = "reports")]
    async fn report() -> Option<u64> {
        Some(RUNS.fetch_add(1, Ordering::SeqCst))
    }
    let larder = memory().await;
    let _ = larder.scope(larder::forget(report())).await;
    assert_eq!(RUNS.load(Ordering::SeqCst), 0);
    eventually_async(SOON, "the lease", async || larder.scope(report()).await.is_some()).await;
}
