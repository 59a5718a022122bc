//! Several attributes on one function: the same meaning in every order.

use std::time::Duration;

use larder::{LeaderGate, Leadership, hexsha_cached, invalidates, leader, ttl_cached};

use crate::support::{Config, Source, memory};

#[ttl_cached(entity = "read", skip(source))]
async fn read(source: &Source) -> u64 {
    source.read()
}

#[ttl_cached(entity = "other", skip(source))]
async fn read_other(source: &Source) -> u64 {
    source.read()
}

#[ttl_cached(entity = "synced", skip(source))]
#[invalidates("read")]
async fn cached_above(source: &Source) -> u64 {
    source.read()
}

#[invalidates("read")]
#[ttl_cached(entity = "synced", skip(source))]
async fn cached_below(source: &Source) -> u64 {
    source.read()
}

#[ttl_cached(entity = "synced", skip(source))]
#[larder::invalidates("read")]
fn cached_above_sync(source: &Source) -> u64 {
    source.read()
}

#[invalidates("read")]
#[larder::ttl_cached(entity = "synced", skip(source))]
fn cached_below_sync(source: &Source) -> u64 {
    source.read()
}

#[leader("job", ttl = "30s")]
#[invalidates("read")]
async fn leader_above(source: &Source) -> Option<u64> {
    Some(source.read())
}

#[invalidates("read")]
#[leader("job", ttl = "30s")]
async fn leader_below(source: &Source) -> Option<u64> {
    Some(source.read())
}

#[leader("job", ttl = "30s")]
#[invalidates("read")]
fn leader_above_sync(source: &Source) -> Leadership<u64> {
    Leadership::Led(source.read())
}

#[invalidates("read")]
#[leader("job", ttl = "30s")]
fn leader_below_sync(source: &Source) -> Leadership<u64> {
    Leadership::Led(source.read())
}

#[invalidates("read")]
#[invalidates("other")]
async fn two_ends(works: bool) -> Result<(), ()> {
    if works { Ok(()) } else { Err(()) }
}

#[hexsha_cached(skip(source))]
#[ttl_cached(entity = "both", skip(config, source))]
async fn revision_above(config: &Config, source: &Source, id: u64) -> u64 {
    source.read() + id + config.0.len() as u64
}

#[ttl_cached(entity = "both", skip(config, source))]
#[hexsha_cached(skip(source))]
async fn revision_below(config: &Config, source: &Source, id: u64) -> u64 {
    source.read() + id + config.0.len() as u64
}

#[ttl_cached(entity = "led", skip(source))]
#[leader("job", ttl = "30s")]
async fn led_and_cached(source: &Source) -> Option<u64> {
    Some(source.read())
}

/// A hit writes nothing, so it ends nothing; the body's run ends what it names.
macro_rules! a_hit_ends_nothing {
    ($call:expr, $source:ident) => {{
        let $source = Source::of(1);
        memory()
            .await
            .scope(async {
                read(&$source).await;
                $call;
                let runs = $source.runs();
                read(&$source).await;
                assert_eq!($source.runs(), runs + 1, "{}: the body ran, and ended it", stringify!($call));
                $call;
                read(&$source).await;
                assert_eq!($source.runs(), runs + 1, "{}: a hit ends nothing", stringify!($call));
            })
            .await;
    }};
}

#[tokio::test]
async fn a_cached_function_that_invalidates_does_so_when_its_body_ran() {
    a_hit_ends_nothing!(cached_above(&source).await, source);
    a_hit_ends_nothing!(cached_below(&source).await, source);
    a_hit_ends_nothing!(cached_above_sync(&source), source);
    a_hit_ends_nothing!(cached_below_sync(&source), source);
}

fn led(leadership: Leadership<u64>) -> bool {
    leadership == Leadership::Led(1)
}

fn follows(leadership: Leadership<u64>) -> bool {
    matches!(leadership, Leadership::Follower { .. })
}

/// Who does not lead has written nothing.
macro_rules! a_follower_ends_nothing {
    ($call:expr, $source:ident, $led:expr, $not:expr) => {{
        let $source = Source::of(1);
        memory()
            .await
            .scope(async {
                read(&$source).await;
                assert!($led($call), "{}", stringify!($call));
                let runs = $source.runs();
                read(&$source).await;
                assert_eq!($source.runs(), runs + 1, "{}: the leader ended it", stringify!($call));
                let gate = LeaderGate::new("job").ttl(Duration::from_secs(30));
                let lease = gate.acquire().await.unwrap().expect("the lease is free");
                assert!($not($call), "{}", stringify!($call));
                read(&$source).await;
                assert_eq!($source.runs(), runs + 1, "{}: who did not lead ended it", stringify!($call));
                lease.release().await.unwrap();
            })
            .await;
    }};
}

#[tokio::test]
async fn a_leader_that_invalidates_does_so_when_it_led() {
    a_follower_ends_nothing!(leader_above(&source).await, source, |led: Option<u64>| led == Some(1), |led: Option<
        u64,
    >| led
        .is_none());
    a_follower_ends_nothing!(leader_below(&source).await, source, |led: Option<u64>| led == Some(1), |led: Option<
        u64,
    >| led
        .is_none());
    a_follower_ends_nothing!(leader_above_sync(&source), source, led, follows);
    a_follower_ends_nothing!(leader_below_sync(&source), source, led, follows);
}

#[tokio::test]
async fn what_a_follower_gets_is_never_cached() {
    let source = Source::of(1);
    memory()
        .await
        .scope(async {
            let lease = LeaderGate::new("job").ttl(Duration::from_secs(30)).acquire().await.unwrap().expect("free");
            assert_eq!(led_and_cached(&source).await, None);
            lease.release().await.unwrap();
            assert_eq!(led_and_cached(&source).await, Some(1));
            assert_eq!(led_and_cached(&source).await, Some(1));
            assert_eq!(source.runs(), 1, "the leader's own result is");
        })
        .await;
}

#[tokio::test]
async fn two_invalidations_end_both() {
    let source = Source::of(1);
    memory()
        .await
        .scope(async {
            for (works, ran) in [(false, 0), (true, 2)] {
                read(&source).await;
                read_other(&source).await;
                let runs = source.runs();
                let _ = two_ends(works).await;
                read(&source).await;
                read_other(&source).await;
                assert_eq!(source.runs(), runs + ran);
            }
        })
        .await;
}

#[tokio::test]
async fn revision_and_ttl_on_one_function_end_with_either() {
    macro_rules! both {
        ($function:ident) => {{
            let source = Source::of(0);
            memory()
                .await
                .scope(async {
                    for (round, commit) in [(0, "a"), (10, "bb"), (20, "ccc")] {
                        source.set(round);
                        let expected = |id| round + id + commit.len() as u64;
                        for id in [1, 2, 1, 2] {
                            assert_eq!($function(&Config(commit), &source, id).await, expected(id));
                        }
                    }
                    assert_eq!(source.runs(), 6, "each id once in each revision");
                    source.set(30);
                    larder::invalidate("both").await.unwrap();
                    assert_eq!($function(&Config("ccc"), &source, 1).await, 34, "ended by the entity too");
                })
                .await;
        }};
    }
    both!(revision_above);
    both!(revision_below);
}
