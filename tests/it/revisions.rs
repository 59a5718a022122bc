//! The revision cache: one map per revision, captured before computing, never mixed.

use std::sync::Arc;

use larder::{HexSha, Revisioned, hexsha_cached, ttl_cached};

use crate::server::RedisServer;
use crate::support::{Gate, SOON, Source, eventually_async, memory, node, within};

#[derive(Debug, Clone)]
struct Config(String);

impl HexSha for Config {
    fn hexsha(&self) -> &str {
        &self.0
    }
}

fn config(revision: &str) -> Config {
    Config(revision.to_owned())
}

#[hexsha_cached(skip(source))]
async fn issuer(config: &Config, source: &Source, host: &str) -> Arc<String> {
    source.read();
    Arc::new(format!("{}/{host}", config.0))
}

#[hexsha_cached(skip(source, gate), keep = 1)]
async fn slowly(config: &Config, source: &Source, gate: Option<&Gate>) -> String {
    source.read();
    if let Some(gate) = gate {
        gate.pass().await;
    }
    config.0.clone()
}

#[hexsha_cached(skip(source), store = tiered)]
async fn shared(config: &Config, source: &Source, host: &str) -> String {
    source.read();
    format!("{}/{host}", config.0)
}

#[hexsha_cached(skip(source))]
fn sync_issuer(config: &Config, source: &Source) -> String {
    source.read();
    config.0.clone()
}

#[tokio::test]
async fn every_other_argument_is_in_the_key() {
    let source = Source::default();
    memory()
        .await
        .scope(async {
            for _ in 0..2 {
                assert_eq!(*issuer(&config("r1"), &source, "a").await, "r1/a");
                assert_eq!(*issuer(&config("r1"), &source, "b").await, "r1/b");
                assert_eq!(*issuer(&config("r2"), &source, "a").await, "r2/a");
            }
        })
        .await;
    assert_eq!(source.runs(), 3);
}

#[tokio::test]
async fn a_late_result_of_an_old_revision_is_not_served_under_the_new_and_does_not_push_it_out() {
    let larder = memory().await;
    let (source, gate) = (Arc::new(Source::default()), Arc::new(Gate::default()));
    let late = {
        let (source, gate) = (Arc::clone(&source), Arc::clone(&gate));
        tokio::spawn(larder.scope(async move { slowly(&config("old"), &source, Some(&gate)).await }))
    };
    gate.arrived().await;
    assert_eq!(larder.scope(slowly(&config("new"), &source, None)).await, "new");
    gate.open();
    assert_eq!(within(SOON, late).await.unwrap(), "old");
    for _ in 0..3 {
        assert_eq!(larder.scope(slowly(&config("new"), &source, None)).await, "new");
    }
    assert_eq!(source.runs(), 2, "the new one is still there");
}

#[tokio::test]
async fn two_revisions_survive_a_roll_out_that_flips_between_them() {
    let larder = memory().await;
    let source = Source::default();
    for _ in 0..10 {
        for revision in ["old", "new"] {
            larder.scope(issuer(&config(revision), &source, "a")).await;
        }
    }
    assert_eq!(source.runs(), 2);
    larder.scope(issuer(&config("newest"), &source, "a")).await;
    larder.scope(issuer(&config("new"), &source, "a")).await;
    assert_eq!(source.runs(), 3, "the latest two are kept");
    larder.scope(issuer(&config("old"), &source, "a")).await;
    assert_eq!(source.runs(), 4, "the third is not");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn no_call_ever_sees_another_revision() {
    let larder = memory().await;
    let source = Arc::new(Source::default());
    let readers: Vec<_> = (0..4)
        .map(|reader| {
            let (larder, source) = (larder.clone(), Arc::clone(&source));
            tokio::spawn(larder.scope(async move {
                for round in 0..2_000 {
                    let config = config(&format!("r{}", (round / 10 + reader) % 5));
                    assert_eq!(*issuer(&config, &source, "h").await, format!("{}/h", config.0));
                }
            }))
        })
        .collect();
    for reader in readers {
        within(SOON, reader).await.unwrap();
    }
}

#[tokio::test]
async fn a_tiered_revision_cache_shares_over_redis_and_by_default_nothing_is() {
    let server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    let source = Source::default();
    a.scope(issuer(&config("r1"), &source, "a")).await;
    b.scope(issuer(&config("r1"), &source, "a")).await;
    assert_eq!(source.runs(), 2, "memory by default");
    a.scope(shared(&config("r1"), &source, "a")).await;
    assert_eq!(b.scope(shared(&config("r1"), &source, "a")).await, "r1/a");
    assert_eq!(source.runs(), 3, "shared");
    assert_eq!(b.scope(shared(&config("r2"), &source, "a")).await, "r2/a");
    assert_eq!(b.scope(shared(&config("r1"), &source, "b")).await, "r1/b");
    assert_eq!(source.runs(), 5, "never mixed");
}

#[tokio::test]
async fn clearing_ends_revisions_too_here_and_there() {
    let server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    let (here, there) = (Source::default(), Source::default());
    a.scope(shared(&config("r1"), &here, "a")).await;
    b.scope(shared(&config("r1"), &there, "a")).await;
    let _ = a.clear().await.unwrap();
    a.scope(shared(&config("r1"), &here, "a")).await;
    assert_eq!(here.runs(), 2);
    let larder = memory().await;
    let source = Source::default();
    larder.run(|| sync_issuer(&config("r1"), &source));
    let _ = larder.clear().await.unwrap();
    larder.run(|| sync_issuer(&config("r1"), &source));
    larder.run(|| sync_issuer(&config("r1"), &source));
    assert_eq!(source.runs(), 2);
}

#[tokio::test]
async fn a_tag_in_a_revision_s_body_ends_it_elsewhere() {
    #[hexsha_cached(skip(source))]
    async fn tagged(config: &Config, source: &Source) -> u64 {
        let _ = config;
        larder::tag("keys");
        source.read()
    }

    let server = RedisServer::start();
    let (a, b) = (node(&server).await, node(&server).await);
    let source = Source::of(1);
    a.scope(tagged(&config("r1"), &source)).await;
    source.set(2);
    let _ = b.invalidate("keys").await.unwrap();
    eventually_async(SOON, "the push", async || a.scope(tagged(&config("r1"), &source)).await == 2).await;
}

#[tokio::test]
async fn a_revision_is_found_through_pointers_expressions_and_content() {
    #[hexsha_cached(revision = format!("{}-{}", config.0, build), key(host))]
    async fn by_expression(config: &Config, build: u32, source: &Source, host: &str) -> String {
        source.read();
        format!("{}{build}{host}", config.0)
    }

    #[hexsha_cached(skip(source))]
    async fn by_pointer(config: Box<Config>, source: &Source) -> String {
        source.read();
        config.0.clone()
    }

    #[hexsha_cached(skip(source))]
    async fn by_content(hosts: &Revisioned<Vec<String>>, source: &Source) -> usize {
        source.read();
        hosts.len()
    }

    let larder = memory().await;
    let source = Source::default();
    larder
        .scope(async {
            for _ in 0..2 {
                assert_eq!(by_expression(&config("r"), 1, &source, "a").await, "r1a");
                assert_eq!(by_expression(&config("r"), 2, &source, "a").await, "r2a");
            }
            assert_eq!(source.runs(), 2);
            for _ in 0..2 {
                by_pointer(Box::new(config("r")), &source).await;
            }
            assert_eq!(source.runs(), 3);
            let (one, two) =
                (Revisioned::new(vec!["a".to_owned()]), Revisioned::new(vec!["a".to_owned(), "b".to_owned()]));
            for _ in 0..2 {
                assert_eq!((by_content(&one, &source).await, by_content(&two, &source).await), (1, 2));
            }
            assert_eq!(source.runs(), 5);
        })
        .await;
}

#[tokio::test]
async fn when_and_store_if_decide_for_revisions_too() {
    #[hexsha_cached(skip(source, wanted), when = wanted, store_if = |value| value % 2 == 0)]
    async fn even(config: &Config, source: &Source, wanted: bool) -> u64 {
        let _ = config;
        source.read()
    }

    let larder = memory().await;
    let source = Source::of(1);
    larder
        .scope(async {
            even(&config("r"), &source, true).await;
            even(&config("r"), &source, true).await;
            assert_eq!(source.runs(), 2, "odd: not stored");
            source.set(2);
            even(&config("r"), &source, true).await;
            even(&config("r"), &source, true).await;
            assert_eq!(source.runs(), 3);
            even(&config("r"), &source, false).await;
            assert_eq!(source.runs(), 4, "not wanted: not read");
        })
        .await;
}

#[tokio::test]
async fn a_value_that_aged_is_replaced_and_the_new_one_is_a_hit() {
    #[ttl_cached(entity = "short", ttl = "100ms", skip(source))]
    async fn inner(source: &Source) -> u64 {
        source.read()
    }

    #[hexsha_cached(skip(inside, own))]
    async fn outer(config: &Config, inside: &Source, own: &Source) -> u64 {
        own.read();
        inner(inside).await + config.0.len() as u64
    }

    let larder = memory().await;
    let (inside, own, config) = (Source::of(1), Source::of(0), config("r"));
    larder.scope(outer(&config, &inside, &own)).await;
    inside.set(5);
    eventually_async(SOON, "the inner value aged", async || larder.scope(outer(&config, &inside, &own)).await == 6)
        .await;
    let runs = own.runs();
    larder.scope(outer(&config, &inside, &own)).await;
    assert_eq!(own.runs(), runs, "the value that came after the aged one is not found");
}
