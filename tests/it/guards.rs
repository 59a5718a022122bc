//! What the expressions of an attribute borrow for a moment is given back before the body runs.

use std::sync::Mutex;
use std::time::Duration;

use larder::{Leadership, hexsha_cached, invalidates, leader, ttl_cached};

use crate::support::memory;

#[derive(Debug)]
struct State {
    on: bool,
    name: String,
    life: Duration,
}

type Shared = Mutex<State>;

fn state() -> Shared {
    Mutex::new(State { on: true, name: "a".into(), life: Duration::from_secs(9) })
}

fn is_free(state: &Shared) -> bool {
    state.try_lock().is_ok()
}

#[ttl_cached(entity = "guards", skip(state), when = state.lock().unwrap().on)]
async fn asked(state: &Shared) -> bool {
    tokio::task::yield_now().await;
    is_free(state)
}

#[ttl_cached(entity = "guards", skip(state), when = state.lock().unwrap().on)]
fn asked_at_once(state: &Shared) -> bool {
    is_free(state)
}

#[ttl_cached(entity = "guards", key(state.lock().unwrap().name))]
async fn looked_up(state: &Shared) -> bool {
    tokio::task::yield_now().await;
    is_free(state)
}

#[ttl_cached(entity = "guards", key(state.lock().unwrap().name))]
fn looked_up_at_once(state: &Shared) -> bool {
    is_free(state)
}

#[ttl_cached(entity = "guards", skip(state), ttl = state.lock().unwrap().life, tags(("name", state.lock().unwrap().name)))]
async fn lived(state: &Shared) -> bool {
    tokio::task::yield_now().await;
    is_free(state)
}

#[ttl_cached(entity = "guards", skip(state), ttl = state.lock().unwrap().life, tags(("name", state.lock().unwrap().name)))]
fn lived_at_once(state: &Shared) -> bool {
    is_free(state)
}

#[ttl_cached(entity = "guards", skip(state), tags(("name", state.lock().unwrap().name)))]
async fn tagged(state: &Shared) -> bool {
    tokio::task::yield_now().await;
    is_free(state)
}

#[ttl_cached(entity = "guards", skip(state), tags(("name", state.lock().unwrap().name)))]
fn tagged_at_once(state: &Shared) -> bool {
    is_free(state)
}

#[hexsha_cached(revision = state.lock().unwrap().name, skip(state))]
async fn revised(state: &Shared) -> bool {
    tokio::task::yield_now().await;
    is_free(state)
}

#[hexsha_cached(revision = state.lock().unwrap().name, skip(state))]
fn revised_at_once(state: &Shared) -> bool {
    is_free(state)
}

#[invalidates(("name", state.lock().unwrap().name))]
async fn written(state: &Shared) -> bool {
    tokio::task::yield_now().await;
    is_free(state)
}

#[invalidates(("name", state.lock().unwrap().name))]
fn written_at_once(state: &Shared) -> bool {
    is_free(state)
}

#[ttl_cached(entity = "guards")]
async fn named(name: String) -> String {
    name
}

#[invalidates(named(state.lock().unwrap().name.clone()))]
async fn ended(state: &Shared) -> bool {
    tokio::task::yield_now().await;
    is_free(state)
}

#[leader(key = ("guards", state.lock().unwrap().name), ttl = state.lock().unwrap().life)]
async fn led(state: &Shared) -> Leadership<bool> {
    tokio::task::yield_now().await;
    Leadership::Led(is_free(state))
}

#[leader(key = ("guards at once", state.lock().unwrap().name), ttl = state.lock().unwrap().life)]
fn led_at_once(state: &Shared) -> Leadership<bool> {
    Leadership::Led(is_free(state))
}

/// That it can be sent is asked of each future.
fn sent<F: Send>(future: F) -> F {
    future
}

#[tokio::test]
async fn no_guard_is_held_while_an_async_body_runs() {
    let state = state();
    memory()
        .await
        .scope(async {
            assert!(sent(asked(&state)).await, "when");
            assert!(sent(looked_up(&state)).await, "key");
            assert!(sent(lived(&state)).await, "ttl");
            assert!(sent(tagged(&state)).await, "tags");
            assert!(sent(revised(&state)).await, "revision");
            assert!(sent(written(&state)).await, "names");
            assert!(sent(ended(&state)).await, "calls");
            assert_eq!(sent(led(&state)).await, Leadership::Led(true), "leader");
        })
        .await;
}

#[tokio::test]
async fn no_guard_is_held_while_a_sync_body_runs() {
    let state = state();
    memory().await.run(|| {
        assert!(asked_at_once(&state), "when");
        assert!(looked_up_at_once(&state), "key");
        assert!(lived_at_once(&state), "ttl");
        assert!(tagged_at_once(&state), "tags");
        assert!(revised_at_once(&state), "revision");
        assert!(written_at_once(&state), "names");
        assert_eq!(led_at_once(&state), Leadership::Led(true), "leader");
    });
}
