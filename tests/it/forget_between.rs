//! `larder::forget` between a call's look into memory and what the call does with the value that it found there.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

use larder::testkit::Testing;
use larder::{Larder, hexsha_cached, ttl_cached};
use serde::{Deserialize, Serialize};

use crate::support::{Config, Gate, SOON, Source, eventually, within};

/// What is done at which copy.
type Step = (u32, Box<dyn FnOnce()>);

thread_local! {
    static ON_COPY: RefCell<Option<Step>> = const { RefCell::new(None) };
}

/// A value through which a test steps in between.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Stepped(u64);

impl Clone for Stepped {
    fn clone(&self) -> Self {
        let due = ON_COPY.with_borrow_mut(|armed| {
            let (copies, _) = armed.as_mut()?;
            *copies -= 1;
            armed.take_if(|(copies, _)| *copies == 0)
        });
        if let Some((_, action)) = due {
            action();
        }
        Self(self.0)
    }
}

/// Does this within the next call that finds a value which is not to be served as it is: behind its look, when memory's lock
/// is let go and the second copy is made.
fn step_in(action: impl FnOnce() + Send + 'static) {
    // In another thread, as the link and other calls are.
    let action = move || thread::spawn(action).join().unwrap();
    ON_COPY.set(Some((2, Box::new(action))));
}

fn has_stepped_in() -> bool {
    ON_COPY.with_borrow(Option::is_none)
}

type Answer = Result<Stepped, &'static str>;

fn answer(source: &Source) -> Answer {
    match source.read() {
        0 => Err("away"),
        number => Ok(Stepped(number)),
    }
}

#[ttl_cached(entity = "tools", ttl = "60s", coherence = strict, skip(source))]
async fn strict(source: &Source) -> Stepped {
    Stepped(source.read())
}

#[ttl_cached(entity = "tools", ttl = "10s", jitter = 0.0, coherence = strict, stale_if_error = "60s", skip(source))]
async fn strict_or_former(source: &Source, id: u64) -> Result<Stepped, &'static str> {
    answer(source)
}

#[ttl_cached(entity = "tools", ttl = "10s", jitter = 0.0, stale_if_error = "60s", skip(source))]
async fn former(source: &Source, id: u64) -> Result<Stepped, &'static str> {
    answer(source)
}

#[ttl_cached(entity = "tools", ttl = "10s", jitter = 0.0, stale_while_revalidate = "20s", skip(source))]
async fn renewed(source: Arc<Source>) -> Result<Stepped, &'static str> {
    answer(&source)
}

/// Waits at the gate before it fails.
#[ttl_cached(entity = "tools", ttl = "10s", jitter = 0.0, stale_while_revalidate = "20s", skip(service))]
async fn renewed_slowly(service: Arc<(Source, Gate)>) -> Result<Stepped, &'static str> {
    let read = answer(&service.0);
    if read.is_err() {
        service.1.pass().await;
    }
    read
}

#[hexsha_cached(keep = 1, skip(service))]
async fn issuer(config: &Config, service: &(Source, Gate), host: u64) -> Stepped {
    let read = service.0.read();
    service.1.pass().await;
    Stepped(read)
}

type Call = Pin<Box<dyn Future<Output = Stepped> + Send>>;

fn begins(call: &mut Call) {
    assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
}

/// An instance that calls, and one that forgets: the same, and another process.
fn pairs() -> [(Testing, Testing); 2] {
    let (alone, there) = (Larder::testing(), Larder::testing());
    [(alone.clone(), alone), (there.another(), there)]
}

/// Ends the entry of a call, from another thread than the test's.
fn forget<F: Future>(larder: Testing, call: impl FnOnce() -> F + Send + 'static) -> impl FnOnce() + Send + 'static {
    move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        assert!(runtime.block_on(larder.scope(async { larder::forget(call()).await })).unwrap().is_applied());
    }
}

#[tokio::test]
async fn what_is_confirmed_is_not_what_was_ended_in_between() {
    for (here, there) in pairs() {
        let source = Arc::new(Source::of(1));
        assert_eq!(here.scope(strict(&source)).await, Stepped(1));
        let known = Arc::clone(&source);
        step_in(forget(there, move || {
            known.set(2);
            async move { strict(&known).await }
        }));
        assert_eq!(here.scope(strict(&source)).await, Stepped(2));
        assert!(has_stepped_in());
    }
}

/// A call whose value has aged and whose body fails, while its entry is ended; and the same call behind it.
async fn ended_in_between<F: Future<Output = Answer> + 'static>(
    here: &Testing,
    there: Testing,
    call: fn(Arc<Source>) -> F,
) -> [Answer; 2] {
    let source = Arc::new(Source::of(1));
    assert_eq!(here.scope(call(Arc::clone(&source))).await, Ok(Stepped(1)));
    here.clock().advance(Duration::from_secs(11));
    source.set(0);
    let known = Arc::clone(&source);
    step_in(forget(there, move || call(known)));
    let first = here.scope(call(Arc::clone(&source))).await;
    assert!(has_stepped_in());
    eventually(SOON, || here.stats().entities["tools"].errors == 1).await;
    [first, here.scope(call(source)).await]
}

#[tokio::test]
async fn a_body_that_fails_is_not_answered_by_what_was_ended_in_between() {
    for (here, there) in pairs() {
        let call = |source: Arc<Source>| async move { strict_or_former(&source, 1).await };
        assert_eq!(ended_in_between(&here, there, call).await, [Err("away"), Err("away")]);
    }
}

#[tokio::test]
async fn what_was_ended_in_between_is_not_kept_for_the_next_failure() {
    for (here, there) in pairs() {
        let call = |source: Arc<Source>| async move { former(&source, 1).await };
        assert_eq!(ended_in_between(&here, there, call).await[1], Err("away"));
    }
}

#[tokio::test]
async fn a_renewal_that_fails_does_not_bring_back_what_was_ended_in_between() {
    for (here, there) in pairs() {
        let call = |source: Arc<Source>| async move { renewed(source).await };
        assert_eq!(ended_in_between(&here, there, call).await[1], Err("away"));
    }
}

#[tokio::test]
async fn a_renewal_that_fails_does_not_take_the_place_of_what_was_computed_meanwhile() {
    for (here, there) in pairs() {
        let service = Arc::new((Source::of(1), Gate::default()));
        let call = || here.scope(renewed_slowly(Arc::clone(&service)));
        assert_eq!(call().await, Ok(Stepped(1)));
        here.clock().advance(Duration::from_secs(11));
        service.0.set(0);
        assert_eq!(call().await, Ok(Stepped(1)));
        service.1.arrived().await;
        service.0.set(2);
        there.scope(larder::forget(renewed_slowly(Arc::clone(&service)))).await.unwrap();
        assert_eq!(call().await, Ok(Stepped(2)));
        service.1.open();
        eventually(SOON, || here.stats().entities["tools"].errors == 1).await;
        assert_eq!(call().await, Ok(Stepped(2)));
    }
}

#[tokio::test]
async fn the_end_of_another_entry_takes_no_answer_from_a_body_that_fails() {
    for (here, there) in pairs() {
        let source = Arc::new(Source::of(1));
        assert_eq!(here.scope(former(&source, 1)).await, Ok(Stepped(1)));
        assert_eq!(here.scope(strict_or_former(&source, 1)).await, Ok(Stepped(1)));
        here.clock().advance(Duration::from_secs(11));
        source.set(0);
        let known = Arc::clone(&source);
        step_in(forget(there.clone(), move || async move { former(&known, 2).await }));
        assert_eq!(here.scope(former(&source, 1)).await, Ok(Stepped(1)));
        assert!(has_stepped_in());
        let known = Arc::clone(&source);
        step_in(forget(there, move || async move { strict_or_former(&known, 2).await }));
        assert_eq!(here.scope(strict_or_former(&source, 1)).await, Ok(Stepped(1)));
        assert!(has_stepped_in());
    }
}

/// The map of a revision that another one pushed out is still in the hands of a call that waits; no end reaches it there.
#[tokio::test]
async fn what_was_ended_is_not_found_in_the_map_of_a_revision_that_was_pushed_out() {
    for (here, there) in pairs() {
        let service = Arc::new((Source::of(1), Gate::default()));
        let call = {
            let (here, service) = (here.clone(), Arc::clone(&service));
            move || -> Call {
                let (here, service) = (here.clone(), Arc::clone(&service));
                Box::pin(async move { here.scope(issuer(&Config("a"), &service, 1)).await })
            }
        };
        let first = tokio::spawn(call());
        service.1.arrived().await;
        let mut second = call();
        begins(&mut second);
        service.1.open();
        assert_eq!(first.await.unwrap(), Stepped(1));
        service.1.open();
        here.scope(issuer(&Config("b"), &service, 1)).await;
        service.0.set(2);
        there.scope(larder::forget(issuer(&Config("a"), &service, 1))).await.unwrap();
        // The second call waited for a flight that was overtaken, and leads one now. A third joins that.
        let third = Arc::<Mutex<Option<Call>>>::default();
        let begun = Arc::clone(&third);
        step_in(move || {
            let mut call = call();
            begins(&mut call);
            *begun.lock().unwrap() = Some(call);
        });
        service.1.open();
        within(SOON, second).await;
        let third = third.lock().unwrap().take().expect("it began while the second call ran");
        assert_eq!(within(SOON, third).await, Stepped(2), "it began behind the end");
    }
}
