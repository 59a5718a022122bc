//! An instance outlives the tokio runtimes that use it, and needs none.

use std::sync::mpsc::channel;
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use larder::{Larder, LeaderGate, Leadership, leader, ttl_cached};
use tokio::runtime::{Builder, Runtime};

use crate::node::Node;
use crate::server::RedisServer;
use crate::support::{SOON, Source, connected, node};

#[ttl_cached(entity = "tools", skip(source))]
async fn tool(source: &Source, id: u64) -> u64 {
    source.read() + id
}

#[ttl_cached(entity = "tools", skip(source))]
fn tool_of_a_thread(source: &Source, id: u64) -> u64 {
    source.read() + id
}

#[leader("turn", ttl = "60s")]
fn turn() -> Leadership<u64> {
    Leadership::Led(7)
}

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Waits for a future without any runtime.
fn park_on<F: Future>(future: F) -> F::Output {
    struct Unpark(thread::Thread);
    impl Wake for Unpark {
        fn wake(self: std::sync::Arc<Self>) {
            self.0.unpark();
        }
    }
    let mut future = Box::pin(future);
    let waker = Waker::from(std::sync::Arc::new(Unpark(thread::current())));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

/// Runs something on a thread of its own, and fails when it does not end.
fn ends<R: Send + 'static>(body: impl FnOnce() -> R + Send + 'static) -> R {
    let (sender, receiver) = channel();
    thread::spawn(move || sender.send(body()));
    receiver.recv_timeout(SOON).expect("it ends")
}

/// What two instances share is computed once.
async fn shares(a: &Larder, b: &Larder, id: u64) {
    let source = Source::of(1);
    a.scope(tool(&source, id)).await;
    b.scope(tool(&source, id)).await;
    assert_eq!(source.runs(), 1, "not shared");
    let _ = a.invalidate("tools").await.unwrap();
    a.scope(tool(&source, id)).await;
    assert_eq!(source.runs(), 2);
}

#[test]
fn every_runtime_dies_and_the_next_one_works() {
    let server = RedisServer::start();
    let (a, b) = current_thread().block_on(async { (node(&server).await, node(&server).await) });
    for id in 0..10 {
        current_thread().block_on(shares(&a, &b, id));
        let several = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        several.block_on(shares(&a, &b, 100 + id));
    }
    assert_eq!(a.stats().redis.connects, 1, "the link never broke");
}

#[test]
fn a_runtime_that_dies_with_calls_under_way_harms_no_other() {
    let server = RedisServer::start();
    let (a, b) = current_thread().block_on(async { (node(&server).await, node(&server).await) });
    for id in 0..5 {
        let dying = current_thread();
        let larder = a.clone();
        dying.spawn(larder.scope(async move {
            let source = Source::of(1);
            for id in 1_000.. {
                tool(&source, id).await;
            }
        }));
        dying.block_on(async { tokio::time::sleep(Duration::from_millis(30)).await });
        drop(dying);
        current_thread().block_on(shares(&a, &b, id));
    }
}

#[test]
fn sync_functions_reach_both_tiers_outside_and_inside_every_kind_of_runtime() {
    let server = RedisServer::start();
    let (a, b) = current_thread().block_on(async { (node(&server).await, node(&server).await) });
    let shares_in_a_thread = move |id: u64| {
        let source = Source::of(1);
        a.run(|| tool_of_a_thread(&source, id));
        b.run(|| tool_of_a_thread(&source, id));
        assert_eq!(source.runs(), 1, "not shared");
    };
    shares_in_a_thread(1);
    current_thread().block_on(async { shares_in_a_thread(2) });
    let several = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    several.block_on(async {
        let inside = shares_in_a_thread.clone();
        tokio::spawn(async move { inside(3) }).await.unwrap();
        let inside = shares_in_a_thread.clone();
        tokio::task::spawn_blocking(move || inside(4)).await.unwrap();
    });
    ends(move || shares_in_a_thread(5));
}

#[test]
fn async_functions_work_without_any_runtime() {
    let server = RedisServer::start();
    let url = server.url();
    ends(move || {
        park_on(async {
            let builder = || Larder::builder().ignore_environment().namespace("it").redis(url.clone());
            let (a, b) = (builder().build().await.unwrap(), builder().build().await.unwrap());
            assert!(a.stats().redis.connected && b.stats().redis.connected);
            shares(&a, &b, 1).await;
            let lease = a.scope(LeaderGate::new("parked").acquire()).await.unwrap().expect("free");
            lease.release().await.unwrap();
        });
    });
}

#[test]
fn a_thread_that_blocks_its_own_runtime_gets_its_answer() {
    let server = RedisServer::start();
    let url = server.url();
    ends(move || {
        current_thread().block_on(async {
            let builder = || Larder::builder().ignore_environment().namespace("it").redis(url.clone());
            let (a, b) = (builder().build().await.unwrap(), builder().build().await.unwrap());
            let source = Source::of(1);
            // This runtime has been seen to run, so it may be used for the calls made on it.
            for id in 0..20 {
                a.scope(tool(&source, id)).await;
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            b.scope(tool(&source, 100)).await;
            let runs = source.runs();
            assert_eq!(park_on(a.scope(tool(&source, 100))), 101);
            assert_eq!(source.runs(), runs, "read from Redis");
        });
    });
}

#[test]
fn an_instance_built_on_one_runtime_is_used_on_another_and_dropped_on_a_third() {
    let server = RedisServer::start();
    let larder = current_thread().block_on(node(&server));
    let source = Source::of(1);
    let other = current_thread();
    assert_eq!(other.block_on(larder.scope(tool(&source, 1))), 2);
    drop(other);
    current_thread().block_on(async {
        connected(&larder).await;
        assert_eq!(larder.scope(tool(&source, 1)).await, 2);
        drop(larder);
    });
    assert_eq!(source.runs(), 1);
}

#[test]
fn a_runtime_without_timers_and_io_is_left_alone() {
    let server = RedisServer::start();
    let mut there = Node::over(&server.url());
    there.ask("connected");
    assert_eq!(there.ask("alone"), "4");
    assert_eq!(there.ask("runs"), "2");
    // Time for a task that would not have been polled yet: it is polled when its runtime is.
    let stderr = there.stderr();
    assert!(!stderr.iter().any(|line| line.contains("panicked")), "{stderr:?}");
}

#[test]
fn an_instance_leaves_no_thread_and_no_connection_behind() {
    let server = RedisServer::start();
    current_thread().block_on(async {
        for _ in 0..5 {
            let larder = node(&server).await;
            let source = Source::of(1);
            larder.scope(tool(&source, 1)).await;
        }
        let clients = async || {
            let list: String = server.run("CLIENT LIST").await;
            list.lines().count()
        };
        crate::support::eventually_async(SOON, "gone", async || clients().await <= 1).await;
    });
}

/// A tokio task that waits too often without giving way is told to give way; a sync function inside it cannot, and was left
/// waiting for ever.
#[test]
fn sync_functions_may_wait_many_times_inside_one_task() {
    let server = RedisServer::start();
    let larder = current_thread().block_on(node(&server));
    let (done, wait) = channel();
    thread::spawn(move || {
        current_thread().block_on(async {
            let source = Source::of(1);
            larder.run(|| {
                for id in 0..500 {
                    assert_eq!(turn(), Leadership::Led(7));
                    assert_eq!(tool_of_a_thread(&source, id), 1 + id);
                }
            });
        });
        done.send(()).unwrap();
    });
    wait.recv_timeout(SOON).expect("left waiting");
}
