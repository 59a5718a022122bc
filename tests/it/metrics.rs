//! What the `metrics` facade is told: what the statistics say, under labels of which there are as many as functions.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use larder::Larder;
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};

use crate::figures::{calls, tool_of};
use crate::support::Source;

/// Keeps the numbers as a scrape would show them.
#[derive(Debug, Default)]
struct Scrape {
    numbers: Mutex<BTreeMap<String, Arc<AtomicU64>>>,
    described: Mutex<Vec<String>>,
}

impl Scrape {
    fn number(&self, key: &Key) -> Arc<AtomicU64> {
        let labels: Vec<String> = key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        let name = format!("{} {}", key.name(), labels.join(" "));
        Arc::clone(self.numbers.lock().unwrap().entry(name).or_default())
    }

    /// All numbers whose name holds `what`; those of gauges as the bits of a float.
    fn all(&self, what: &str) -> Vec<(String, u64)> {
        let numbers = self.numbers.lock().unwrap();
        let named = numbers.iter().filter(|(name, _)| name.contains(what));
        named.map(|(name, number)| (name.clone(), number.load(Ordering::SeqCst))).collect()
    }

    #[track_caller]
    fn one(&self, what: &str) -> u64 {
        let mut found = self.all(what);
        found.retain(|(name, _)| name == what || !self.numbers.lock().unwrap().contains_key(what));
        assert_eq!(found.len(), 1, "{what}: {found:?} of {:?}", self.all(""));
        found[0].1
    }
}

impl Recorder for Scrape {
    fn describe_counter(&self, key: KeyName, _: Option<Unit>, _: SharedString) {
        self.described.lock().unwrap().push(key.as_str().to_owned());
    }

    fn describe_gauge(&self, key: KeyName, _: Option<Unit>, _: SharedString) {
        self.described.lock().unwrap().push(key.as_str().to_owned());
    }

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.number(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.number(key))
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

fn scrape(larder: &Larder) -> Scrape {
    let scrape = Scrape::default();
    metrics::with_local_recorder(&scrape, || larder.publish_metrics());
    scrape
}

const ONE: u64 = 1.0_f64.to_bits();

#[tokio::test]
async fn what_is_published_is_what_happened() {
    let called = calls().await;
    let (here, there) = (&called.here, &called.there);
    there.invalidate("tools").await.unwrap();
    assert!(there.leader_gate("nightly").acquire().await.unwrap().is_none());

    let first = scrape(here);
    assert_eq!(
        first.one("larder_hits_total namespace=larder entity=tools function=it::figures::tool_of tier=memory"),
        2
    );
    assert_eq!(
        first.one("larder_hits_total namespace=larder entity=tools function=it::figures::tool_of tier=redis"),
        0
    );
    assert_eq!(first.one("larder_misses_total namespace=larder entity=tools function=it::figures::tool_of"), 1);
    assert_eq!(first.one("larder_stores_total"), 1);
    assert_eq!(first.one("larder_entries"), ONE);
    assert_eq!(first.one("larder_redis_connected"), ONE);
    assert_eq!(first.one("larder_redis_breaker namespace=larder state=closed"), ONE);
    assert_eq!(first.one("larder_redis_breaker namespace=larder state=open"), 0);
    assert_eq!(first.one("larder_lease_elections_total namespace=larder"), 1);
    let second = scrape(there);
    assert_eq!(second.one("larder_lease_followers_total namespace=larder"), 1);
    assert_eq!(second.one("larder_lease_elections_total namespace=larder"), 0);
    assert_eq!(
        second.one("larder_hits_total namespace=larder entity=tools function=it::figures::tool_of tier=redis"),
        1
    );
    assert_eq!(second.one("larder_errors_total namespace=larder entity=pages function=it::figures::page"), 1);
    assert_eq!(second.one("larder_invalidations_total namespace=larder entity=tools"), 1);
}

#[tokio::test]
async fn no_argument_and_no_tag_is_a_label() {
    let (larder, source) = (Larder::testing(), Source::of(1));
    for round in 0..50 {
        let mail = format!("secret{round}");
        larder.scope(tool_of(&source, &mail)).await;
        larder.invalidate(format!("mail:{mail}")).await.unwrap();
        larder.invalidate(mail).await.unwrap();
    }
    larder.invalidate("tools").await.unwrap();
    let scrape = scrape(&larder);
    assert_eq!(scrape.all("secret"), []);
    assert_eq!(scrape.one("larder_invalidations_total namespace=larder entity=tools"), 1);
    assert_eq!(scrape.one("larder_invalidations_total namespace=larder entity="), 100);
    let series = scrape.all("").len();
    assert!(series < 34, "{series}");
}

#[tokio::test]
async fn every_name_is_described_and_in_the_documentation() {
    let (larder, source) = (Larder::testing(), Source::of(1));
    larder.scope(tool_of(&source, "a@x")).await;
    let scrape = Scrape::default();
    metrics::with_local_recorder(&scrape, || {
        larder.describe_metrics();
        larder.publish_metrics();
    });
    let documented = include_str!("../../runtime/src/metrics.rs");
    let described = scrape.described.lock().unwrap().clone();
    for (name, _) in scrape.all("") {
        let name = name.split(' ').next().unwrap();
        assert!(described.iter().any(|known| known == name), "not described: {name}");
        assert!(documented.contains(&format!("`{name}`")), "not documented: {name}");
    }
    assert_eq!(described.len(), 17);
}

#[tokio::test]
async fn without_redis_nothing_is_said_of_it() {
    let larder = Larder::testing().without_redis();
    assert_eq!(scrape(&larder).all("redis"), []);
}
