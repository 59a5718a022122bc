//! `none_ttl` and `err_ttl`: what is nothing, and what failed, has a life of its own.

use std::time::Duration;

use larder::{Cacheable, Larder, ttl_cached};

use crate::support::{Gate, Source};

type Answer = Result<u64, String>;

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

fn answer(source: &Source) -> Answer {
    match source.read() {
        0 => Err("nothing is there".to_owned()),
        number => Ok(number),
    }
}

#[ttl_cached(entity = "tools", ttl = "60s", jitter = 0.0, none_ttl = "5s", skip(source))]
async fn found(source: &Source, id: u64) -> Option<u64> {
    let _ = id;
    Some(source.read()).filter(|number| *number > 0)
}

#[ttl_cached(entity = "tools", ttl = "60s", jitter = 0.0, none_ttl = 0, skip(source))]
fn only_found(source: &Source) -> Result<Option<u64>, String> {
    Ok(Some(source.read()).filter(|number| *number > 0))
}

#[ttl_cached(entity = "tools", ttl = "60s", jitter = 0.0, err_ttl = "5s", skip(source))]
async fn fetched(source: &Source, id: u64) -> Answer {
    let _ = id;
    answer(source)
}

#[ttl_cached(entity = "tools", ttl = "60s", jitter = 0.0, err_ttl = pause, skip(source, pause))]
fn fetched_sync(source: &Source, pause: Duration) -> Answer {
    answer(source)
}

#[ttl_cached(
    entity = "tools", ttl = "60s", err_ttl = "5s", none_ttl = "1s", store_if = |found| found.is_some_and(|number| number > 5),
    tags(("number", ret.map_or(0, |number| number))), skip(source)
)]
async fn looked_at(source: &Source) -> Result<Option<u64>, String> {
    answer(source).map(|number| Some(number).filter(|number| *number != 1))
}

#[ttl_cached(
    entity = "tools", ttl = "10s", jitter = 0.0, err_ttl = "60s", stale_while_revalidate = "30s", store = memory, skip(source)
)]
async fn renewed(source: std::sync::Arc<Source>) -> Answer {
    answer(&source)
}

#[ttl_cached(entity = "tools", ttl = "60s", err_ttl = "5s", skip(source, gate))]
async fn gated(source: &Source, gate: &Gate) -> Answer {
    gate.pass().await;
    answer(source)
}

/// A result type of a user's own.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
enum Reply {
    Here(u64),
    Broken(String),
}

impl Cacheable for Reply {
    type Value = u64;

    fn value(&self) -> Option<&u64> {
        match self {
            Self::Here(number) => Some(number),
            Self::Broken(_) => None,
        }
    }

    fn from_value(value: u64) -> Self {
        Self::Here(value)
    }
}

#[ttl_cached(entity = "tools", ttl = "60s", err_ttl = "5s", jitter = 0.0, skip(source))]
async fn own_type(source: &Source) -> Reply {
    answer(source).map_or_else(Reply::Broken, Reply::Here)
}

#[tokio::test]
async fn nothing_lives_shorter_than_something() {
    let (larder, source) = (Larder::testing(), Source::default());
    assert_eq!(larder.scope(found(&source, 1)).await, None);
    larder.clock().advance(seconds(4));
    assert_eq!(larder.scope(found(&source, 1)).await, None);
    assert_eq!(source.runs(), 1, "`None` is a value and a hit");
    source.set(7);
    larder.clock().advance(seconds(1));
    assert_eq!(larder.scope(found(&source, 1)).await, Some(7), "its own life is over");
    larder.clock().advance(seconds(59));
    assert_eq!(larder.scope(found(&source, 1)).await, Some(7));
    assert_eq!(source.runs(), 2, "what is something lives its whole ttl");
}

#[test]
fn nothing_with_a_life_of_zero_is_not_stored() {
    let (larder, source) = (Larder::testing(), Source::default());
    for _ in 0..2 {
        assert_eq!(larder.run(|| only_found(&source)), Ok(None));
    }
    assert_eq!(source.runs(), 2);
    source.set(3);
    for _ in 0..2 {
        assert_eq!(larder.run(|| only_found(&source)), Ok(Some(3)));
    }
    assert_eq!(source.runs(), 3);
}

#[tokio::test]
async fn a_failure_is_kept_for_its_own_life_and_no_longer() {
    let (larder, source) = (Larder::testing(), Source::default());
    let failed: Answer = Err("nothing is there".to_owned());
    assert_eq!(larder.scope(fetched(&source, 1)).await, failed);
    source.set(9);
    larder.clock().advance(seconds(4));
    assert_eq!(larder.scope(fetched(&source, 1)).await, failed, "the source is left in peace");
    assert_eq!((source.runs(), larder.stats().entities["tools"].errors), (1, 1));
    assert_eq!(larder.scope(fetched(&source, 2)).await, Ok(9), "another call has its own answer");
    larder.clock().advance(seconds(1));
    assert_eq!(larder.scope(fetched(&source, 1)).await, Ok(9));
    larder.clock().advance(seconds(58));
    assert_eq!(larder.scope(fetched(&source, 1)).await, Ok(9));
    assert_eq!(source.runs(), 3, "a success lives its whole ttl");
}

#[tokio::test]
async fn what_ends_values_ends_failures() {
    let (larder, source) = (Larder::testing(), Source::default());
    assert!(larder.scope(fetched(&source, 1)).await.is_err());
    assert_eq!(larder.scope(found(&source, 1)).await, None);
    source.set(4);
    larder.invalidate("tools").await.unwrap();
    assert_eq!(larder.scope(fetched(&source, 1)).await, Ok(4));
    assert_eq!(larder.scope(found(&source, 1)).await, Some(4));
}

#[tokio::test]
async fn other_processes_are_told_of_failures() {
    let (here, source) = (Larder::testing(), Source::default());
    let there = here.another();
    assert!(here.scope(fetched(&source, 1)).await.is_err());
    assert!(here.scope(own_type(&source)).await.value().is_none());
    source.set(4);
    assert!(there.scope(fetched(&source, 1)).await.is_err());
    assert_eq!(there.scope(own_type(&source)).await, Reply::Broken("nothing is there".to_owned()));
    assert_eq!(source.runs(), 2);
    here.clock().advance(seconds(5));
    assert_eq!(there.scope(fetched(&source, 1)).await, Ok(4), "a failure from Redis lives no longer than at home");
    assert_eq!(there.scope(own_type(&source)).await, Reply::Here(4));
}

#[test]
fn a_sync_failure_lives_as_long_as_its_call_says() {
    let (larder, source) = (Larder::testing(), Source::default());
    let call = || larder.run(|| fetched_sync(&source, seconds(3)));
    assert!(call().is_err());
    source.set(2);
    larder.clock().advance(seconds(2));
    assert!(call().is_err());
    larder.clock().advance(seconds(1));
    assert_eq!(call(), Ok(2));
}

#[tokio::test]
async fn a_configured_life_is_longer_than_none_of_these() {
    let larder = Larder::builder().ttl("tools", seconds(2)).testing().unwrap();
    let source = Source::default();
    assert_eq!(larder.scope(found(&source, 1)).await, None);
    assert!(larder.scope(fetched(&source, 1)).await.is_err());
    source.set(6);
    larder.clock().advance(seconds(2));
    assert_eq!(larder.scope(found(&source, 1)).await, Some(6));
    assert_eq!(larder.scope(fetched(&source, 1)).await, Ok(6));
}

#[tokio::test]
async fn conditions_and_names_look_at_what_succeeded() {
    let (larder, source) = (Larder::testing(), Source::default());
    let call = || larder.scope(looked_at(&source));
    assert!(call().await.is_err());
    assert!(call().await.is_err());
    assert_eq!(source.runs(), 1, "`store_if` says nothing of failures");
    larder.invalidate("tools").await.unwrap();
    source.set(3);
    assert_eq!((call().await, call().await), (Ok(Some(3)), Ok(Some(3))));
    assert_eq!(source.runs(), 3, "`store_if` did not want it");
    source.set(8);
    assert_eq!((call().await, call().await), (Ok(Some(8)), Ok(Some(8))));
    assert_eq!(source.runs(), 4);
    larder.invalidate("number:8").await.unwrap();
    source.set(9);
    assert_eq!(call().await, Ok(Some(9)));
}

#[tokio::test]
async fn a_failing_renewal_never_takes_the_place_of_a_value() {
    let larder = Larder::testing();
    let source = std::sync::Arc::new(Source::of(5));
    let call = || larder.scope(renewed(source.clone()));
    assert_eq!(call().await, Ok(5));
    source.set(0);
    larder.clock().advance(seconds(11));
    assert_eq!(call().await, Ok(5));
    crate::support::eventually(crate::support::SOON, || larder.stats().entities["tools"].errors == 1).await;
    assert_eq!(call().await, Ok(5), "the failure was not stored over it");
    larder.clock().advance(seconds(30));
    assert!(call().await.is_err(), "its time is over");
}

#[tokio::test]
async fn those_who_wait_share_a_failure() {
    let (larder, source, gate) = (Larder::testing(), Source::default(), Gate::default());
    let calls = async { tokio::join!(larder.scope(gated(&source, &gate)), larder.scope(gated(&source, &gate))) };
    let open = async {
        gate.arrived().await;
        gate.open();
    };
    let ((first, second), ()) = tokio::join!(calls, open);
    assert!(first.is_err() && first == second);
    assert_eq!(source.runs(), 1);
}
