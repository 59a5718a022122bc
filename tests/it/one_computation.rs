//! Promise 4: any number of concurrent callers of one key make one run, and no runner's end harms the others.

use std::sync::Arc;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Waker};
use std::time::Duration;

use larder::testkit::Testing;
use larder::{Larder, ttl_cached};
use tokio::task::JoinSet;

use crate::server::RedisServer;
use crate::support::{Gate, SOON, Source, eventually, memory, node, within};

/// Counts the bodies that run, and how many of them at once.
#[derive(Debug, Default)]
struct Work {
    gate: Gate,
    runs: AtomicU64,
    now: AtomicU64,
    most: AtomicU64,
}

struct Running<'a>(&'a Work);

impl Work {
    fn begin(&self) -> (u64, Running<'_>) {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        (self.runs.fetch_add(1, Ordering::SeqCst) + 1, Running(self))
    }

    fn runs(&self) -> u64 {
        self.runs.load(Ordering::SeqCst)
    }

    fn most(&self) -> u64 {
        self.most.load(Ordering::SeqCst)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, Ordering::SeqCst);
    }
}

#[ttl_cached(entity = "slow", skip(work))]
async fn slow(work: &Work) -> u64 {
    let (run, _running) = work.begin();
    work.gate.pass().await;
    run
}

#[ttl_cached(entity = "slow", skip(work))]
async fn panics_at_first(work: &Work) -> u64 {
    let (run, _running) = work.begin();
    work.gate.pass().await;
    assert!(run > 1, "on purpose");
    run
}

#[ttl_cached(entity = "slow", skip(work))]
async fn fails_before(work: &Work, run: u64) -> Result<u64, String> {
    let (this, _running) = work.begin();
    tokio::task::yield_now().await;
    if this < run { Err(format!("run {this}")) } else { Ok(this) }
}

#[tokio::test]
async fn a_hundred_callers_of_a_cold_key_make_one_run() {
    let (larder, work) = (memory().await, Arc::new(Work::default()));
    let mut callers = JoinSet::new();
    for _ in 0..100 {
        let work = Arc::clone(&work);
        callers.spawn(larder.scope(async move { slow(&work).await }));
    }
    work.gate.arrived().await;
    work.gate.open();
    assert!(within(SOON, callers.join_all()).await.iter().all(|run| *run == 1));
    assert_eq!(work.runs(), 1);
    let counts = larder.stats().total();
    assert_eq!((counts.misses, counts.joins + counts.hits_memory), (1, 99));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_callers_in_parallel_make_one_run_over_redis() {
    let server = RedisServer::start();
    let (larder, work) = (node(&server).await, Arc::new(Work::default()));
    let mut callers = JoinSet::new();
    for _ in 0..100 {
        let work = Arc::clone(&work);
        callers.spawn(larder.scope(async move { slow(&work).await }));
    }
    work.gate.arrived().await;
    work.gate.open();
    assert!(within(SOON, callers.join_all()).await.iter().all(|run| *run == 1));
    assert_eq!(work.runs(), 1);
}

#[tokio::test]
async fn a_cancelled_runner_hands_over_to_the_next_caller() {
    let (larder, work) = (memory().await, Arc::new(Work::default()));
    let spawn = || {
        let work = Arc::clone(&work);
        tokio::spawn(larder.scope(async move { slow(&work).await }))
    };
    let first = spawn();
    work.gate.arrived().await;
    let others: Vec<_> = (0..10).map(|_| spawn()).collect();
    tokio::task::yield_now().await;
    first.abort();
    work.gate.arrived().await;
    work.gate.open();
    for other in others {
        assert_eq!(within(SOON, other).await.unwrap(), 2);
    }
    assert_eq!((work.runs(), work.most()), (2, 1));
}

#[tokio::test]
async fn a_panicked_runner_hands_over_to_the_next_caller() {
    let (larder, work) = (memory().await, Arc::new(Work::default()));
    let spawn = || {
        let work = Arc::clone(&work);
        tokio::spawn(larder.scope(async move { panics_at_first(&work).await }))
    };
    let first = spawn();
    work.gate.arrived().await;
    let others: Vec<_> = (0..10).map(|_| spawn()).collect();
    tokio::task::yield_now().await;
    work.gate.open();
    assert!(within(SOON, first).await.is_err());
    work.gate.arrived().await;
    work.gate.open();
    for other in others {
        assert_eq!(within(SOON, other).await.unwrap(), 2);
    }
    assert_eq!((work.runs(), work.most()), (2, 1));
}

#[tokio::test]
async fn a_failed_runner_keeps_its_error_and_the_next_caller_runs() {
    let (larder, work) = (memory().await, Arc::new(Work::default()));
    let mut callers = JoinSet::new();
    for _ in 0..20 {
        let work = Arc::clone(&work);
        callers.spawn(larder.scope(async move { fails_before(&work, 2).await }));
    }
    let answers = within(SOON, callers.join_all()).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_err()).count(), 1, "one error, to the one who ran");
    assert_eq!((work.runs(), work.most()), (2, 1));
}

#[tokio::test]
async fn many_failed_runners_in_a_row_never_let_two_run_at_once() {
    let (larder, work) = (memory().await, Arc::new(Work::default()));
    let mut callers = JoinSet::new();
    for _ in 0..50 {
        let work = Arc::clone(&work);
        callers.spawn(larder.scope(async move { fails_before(&work, 9).await }));
    }
    let answers = within(SOON, callers.join_all()).await;
    assert_eq!(work.most(), 1, "of {} runs", work.runs());
    assert_eq!(work.runs(), 9);
    assert_eq!(answers.iter().filter(|answer| answer.is_err()).count(), 8);
}

#[test]
fn eight_threads_of_a_sync_function_make_one_run() {
    #[ttl_cached(entity = "sync", skip(source, inside))]
    fn answer(source: &Source, inside: impl FnOnce()) -> u64 {
        inside();
        source.read()
    }

    let larder = futures_free(memory());
    let (source, together) = (Source::of(7), Barrier::new(8));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                together.wait();
                let waits = || std::thread::sleep(Duration::from_millis(50));
                assert_eq!(larder.run(|| answer(&source, waits)), 7);
            });
        }
    });
    assert_eq!(source.runs(), 1);
}

#[tokio::test]
async fn single_flight_off_lets_everyone_run() {
    #[ttl_cached(entity = "slow", skip(work), single_flight = off)]
    async fn alone(work: &Work) -> u64 {
        let (run, _running) = work.begin();
        work.gate.pass().await;
        run
    }

    let (larder, work) = (memory().await, Arc::new(Work::default()));
    let mut callers = JoinSet::new();
    for _ in 0..5 {
        let work = Arc::clone(&work);
        callers.spawn(larder.scope(async move { alone(&work).await }));
    }
    eventually(SOON, || work.runs() == 5).await;
    (0..5).for_each(|_| work.gate.open());
    within(SOON, callers.join_all()).await;
}

#[tokio::test]
async fn keys_do_not_wait_for_each_other() {
    #[ttl_cached(entity = "slow", skip(work))]
    async fn keyed(work: &Work, id: u64) -> u64 {
        work.begin();
        if id == 0 {
            work.gate.pass().await;
        }
        id
    }

    let (larder, work) = (memory().await, Arc::new(Work::default()));
    let waiting = {
        let work = Arc::clone(&work);
        tokio::spawn(larder.scope(async move { keyed(&work, 0).await }))
    };
    work.gate.arrived().await;
    assert_eq!(within(SOON, larder.scope(keyed(&work, 1))).await, 1);
    work.gate.open();
    assert_eq!(within(SOON, waiting).await.unwrap(), 0);
}

fn futures_free<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

#[ttl_cached(entity = "tools", ttl = "60s", jitter = 0.0, skip(source, gate))]
async fn gated(source: &Source, gate: &Gate, id: u64) -> u64 {
    let read = source.read();
    gate.pass().await;
    read + id
}

#[tokio::test]
async fn what_is_computed_behind_an_end_is_kept_also_where_the_call_began_before() {
    for larder in [memory().await, Larder::clone(&Larder::testing())] {
        let service = Arc::new((Source::of(1), Gate::default()));
        let call = || {
            let (larder, service) = (larder.clone(), Arc::clone(&service));
            Box::pin(async move { larder.scope(gated(&service.0, &service.1, 0)).await })
        };
        let first = tokio::spawn(call());
        service.1.arrived().await;
        let mut second = call();
        assert!(second.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        service.0.set(2);
        larder.scope(larder::forget(gated(&service.0, &service.1, 0))).await.unwrap();
        service.1.open();
        assert_eq!(first.await.unwrap(), 1);
        service.1.open();
        assert_eq!(within(SOON, second).await, 2, "it waited for the first, which was overtaken");
        service.1.open();
        assert_eq!(within(SOON, call()).await, 2);
        assert_eq!((service.0.runs(), larder.stats().entities["tools"].hits_memory), (2, 1));
    }
}

#[tokio::test]
async fn a_late_result_of_before_an_end_does_not_push_out_the_one_behind_it() {
    for larder in [memory().await, Larder::clone(&Larder::testing())] {
        let source = Arc::new(Source::of(1));
        let (early, late) = (Arc::new(Gate::default()), Arc::new(Gate::default()));
        let call = |gate: &Arc<Gate>| {
            let (larder, source, gate) = (larder.clone(), Arc::clone(&source), Arc::clone(gate));
            async move { larder.scope(gated(&source, &gate, 0)).await }
        };
        let first = tokio::spawn(call(&early));
        early.arrived().await;
        source.set(2);
        larder.invalidate("tools").await.unwrap();
        late.open();
        assert_eq!(within(SOON, call(&late)).await, 2);
        early.open();
        assert_eq!(first.await.unwrap(), 1);
        late.open();
        assert_eq!(within(SOON, call(&late)).await, 2);
        assert_eq!((source.runs(), larder.stats().entities["tools"].hits_memory), (2, 1));
    }
}

/// Has each question of these calls lie until it is given up, and Redis answer from then on.
async fn unanswered<R: Send + 'static>(
    here: &Testing,
    questions: usize,
    calls: impl Future<Output = R> + Send + 'static,
) -> R {
    here.redis().hang();
    let calls = tokio::spawn(here.scope(calls));
    for count in 1..=questions {
        here.redis().unanswered(count).await;
        here.clock().advance(Duration::from_millis(500));
    }
    let returned = calls.await.unwrap();
    // What lies there is never answered.
    here.redis().fail();
    here.redis().recover();
    // Until the breaker lets a question through.
    here.clock().advance(Duration::from_secs(31));
    returned
}

/// While Redis is silent, epochs are made up here: what it says later is no end.
#[tokio::test]
async fn the_epoch_of_any_entry_that_is_read_late_takes_no_entry_out() {
    #[ttl_cached(entity = "tools", ttl = "60s", jitter = 0.0, skip(source))]
    async fn tool(source: &Source, id: u64) -> u64 {
        source.read() + id
    }

    #[ttl_cached(entity = "tools", ttl = "60s", jitter = 0.0, skip(source))]
    async fn page(source: &Source) -> u64 {
        tool(source, 0).await
    }

    let source = Arc::new(Source::of(1));
    let there = Larder::testing();
    there.scope(tool(&source, 2)).await;
    let here = there.another();
    let gate = Gate::default();
    gate.open();
    here.scope(gated(&source, &gate, 0)).await;
    let known = Arc::clone(&source);
    // That of the tool, that of the page, and that of what the page is made of.
    let calls = unanswered(&here, 3, async move { (tool(&known, 0).await, page(&known).await) });
    assert_eq!(calls.await, (1, 1));
    let before = source.runs();
    assert_eq!(here.scope(tool(&source, 1)).await, 2);
    assert_eq!(here.scope(tool(&source, 0)).await, 1);
    assert_eq!(source.runs() - before, 1, "the first tool was never ended");
}

#[tokio::test]
async fn the_epoch_of_an_entry_that_is_read_late_does_not_take_it_out() {
    #[ttl_cached(entity = "tools", ttl = "60s", jitter = 0.0, coherence = strict, skip(source))]
    async fn tool(source: &Source) -> u64 {
        source.read()
    }

    let (here, source) = (Larder::testing(), Arc::new(Source::of(1)));
    let gate = Gate::default();
    gate.open();
    here.scope(gated(&source, &gate, 0)).await;
    let known = Arc::clone(&source);
    // Whether it was ended, and for the value.
    assert_eq!(unanswered(&here, 2, async move { tool(&known).await }).await, 1);
    let before = source.runs();
    assert_eq!(here.scope(tool(&source)).await, 1);
    assert_eq!(source.runs() - before, 0, "it was never ended");
}
