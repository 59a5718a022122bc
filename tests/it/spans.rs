//! The span of a miss: around the body, with the hash of the key and what became of it, and nowhere else.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use larder::{Larder, ttl_cached};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::support::Source;

/// One span: its fields, its parent, whether it is over.
#[derive(Clone, Debug, Default)]
struct Span {
    name: &'static str,
    fields: BTreeMap<&'static str, String>,
    within: Option<u64>,
    closed: bool,
}

/// Keeps every span, and where each event was.
#[derive(Clone, Debug, Default)]
struct Seen(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    next: AtomicU64,
    spans: Mutex<BTreeMap<u64, Span>>,
    entered: Mutex<Vec<u64>>,
    /// The message of an event, and the span that it was in.
    events: Mutex<Vec<(String, Option<u64>)>>,
    quiet: bool,
}

struct Fields<'a>(&'a mut BTreeMap<&'static str, String>);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}").trim_matches('"').to_owned());
    }
}

impl Seen {
    fn here(&self) -> Option<u64> {
        self.0.entered.lock().unwrap().last().copied()
    }

    /// The spans of misses, in their order.
    fn misses(&self) -> Vec<Span> {
        let spans = self.0.spans.lock().unwrap();
        spans.values().filter(|span| span.name == "larder.miss").cloned().collect()
    }
}

impl Subscriber for Seen {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        !self.0.quiet || *metadata.level() <= tracing::Level::INFO
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(if self.0.quiet { LevelFilter::INFO } else { LevelFilter::TRACE })
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let id = self.0.next.fetch_add(1, Ordering::SeqCst) + 1;
        let mut span = Span { name: attributes.metadata().name(), within: self.here(), ..Span::default() };
        attributes.record(&mut Fields(&mut span.fields));
        self.0.spans.lock().unwrap().insert(id, span);
        Id::from_u64(id)
    }

    fn record(&self, id: &Id, values: &Record<'_>) {
        if let Some(span) = self.0.spans.lock().unwrap().get_mut(&id.into_u64()) {
            values.record(&mut Fields(&mut span.fields));
        }
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = BTreeMap::new();
        event.record(&mut Fields(&mut fields));
        let message = fields.remove("message").unwrap_or_default();
        self.0.events.lock().unwrap().push((message, self.here()));
    }

    fn enter(&self, id: &Id) {
        self.0.entered.lock().unwrap().push(id.into_u64());
    }

    fn exit(&self, id: &Id) {
        assert_eq!(self.0.entered.lock().unwrap().pop(), Some(id.into_u64()), "left in the order of entering");
    }

    fn try_close(&self, id: Id) -> bool {
        if let Some(span) = self.0.spans.lock().unwrap().get_mut(&id.into_u64()) {
            span.closed = true;
        }
        true
    }
}

#[ttl_cached(entity = "tools", skip(source), ttl = "20s")]
async fn tool_of(source: &Source, mail: &str) -> Result<u64, String> {
    tracing::info!("in the body");
    tokio::task::yield_now().await;
    tracing::info!("in the body again");
    match source.read() {
        0 => Err(format!("nothing for {mail}")),
        value => Ok(value),
    }
}

#[ttl_cached(entity = "pages", skip(source), store_if = |value| *value > 5)]
async fn page(source: &Source, mail: &str) -> u64 {
    tool_of(source, mail).await.unwrap_or_default()
}

#[ttl_cached(entity = "names", stale_if_error = "1h", skip(source), ttl = "1s")]
fn name(source: &Source) -> Result<u64, ()> {
    tracing::info!("in the sync body");
    Some(source.read()).filter(|value| *value > 0).ok_or(())
}

const SECRET: &str = "secret@x";

#[tokio::test]
async fn a_miss_has_a_span_around_its_body_and_a_hit_has_none() {
    let seen = Seen::default();
    let _guard = tracing::subscriber::set_default(seen.clone());
    let (larder, source) = (Larder::testing().without_redis(), Source::of(1));
    larder.scope(tool_of(&source, SECRET)).await.unwrap();
    larder.scope(tool_of(&source, SECRET)).await.unwrap();
    let misses = seen.misses();
    assert_eq!(misses.len(), 1, "a hit has none: {misses:?}");
    let names: Vec<&str> = misses[0].fields.keys().copied().collect();
    assert_eq!(names, ["entity", "function", "key", "outcome"]);
    let field = |name: &str| misses[0].fields[name].as_str();
    assert_eq!((field("entity"), field("function"), field("outcome")), ("tools", "it::spans::tool_of", "stored"));
    assert!(field("key").len() == 16 && u64::from_str_radix(field("key"), 16).is_ok(), "{misses:?}");
    assert!(misses[0].closed, "it ends with the call");
    let events = seen.0.events.lock().unwrap().clone();
    for message in ["in the body", "in the body again"] {
        let (_, within) = events.iter().find(|(said, _)| said == message).unwrap();
        assert!(within.is_some(), "{message} is outside of the span: {events:?}");
    }
    let (_, within) = events.iter().find(|(said, _)| said == "miss").unwrap();
    assert_eq!(*within, None, "the miss itself is told to the caller's span");
    assert_eq!(seen.here(), None);
    assert!(!format!("{:?} {events:?}", seen.0.spans).contains(SECRET));
}

#[tokio::test]
async fn a_span_says_what_became_of_the_value_and_stands_inside_the_caller_s() {
    let seen = Seen::default();
    let _guard = tracing::subscriber::set_default(seen.clone());
    let (larder, source) = (Larder::testing().without_redis(), Source::of(1));
    larder.scope(page(&source, SECRET)).await;
    source.set(0);
    let _ = larder.scope(tool_of(&source, "another")).await;
    source.set(1);
    larder.run(|| name(&source)).unwrap();
    source.set(0);
    larder.clock().advance(Duration::from_secs(2));
    assert_eq!(larder.run(|| name(&source)), Ok(1), "the former value");
    let told: Vec<(String, String)> = seen
        .misses()
        .iter()
        .map(|span| (span.fields["entity"].clone(), span.fields.get("outcome").cloned().unwrap_or_default()))
        .collect();
    let expected =
        [("pages", "unstored"), ("tools", "stored"), ("tools", "failed"), ("names", "stored"), ("names", "stale")];
    assert_eq!(told, expected.map(|(entity, outcome)| (entity.to_owned(), outcome.to_owned())));
    let spans = seen.0.spans.lock().unwrap().clone();
    let of = |entity: &str| spans.iter().find(|(_, span)| span.fields["entity"] == entity).unwrap();
    assert_eq!(of("tools").1.within, Some(*of("pages").0), "a miss inside a body is inside its span");
    let events = seen.0.events.lock().unwrap().clone();
    assert!(events.iter().any(|(said, within)| said == "in the sync body" && within.is_some()), "{events:?}");
}

#[tokio::test]
async fn a_call_that_is_dropped_has_a_span_without_an_outcome() {
    let seen = Seen::default();
    let _guard = tracing::subscriber::set_default(seen.clone());
    let (larder, source) = (Larder::testing().without_redis(), Source::of(1));
    let mut call = Box::pin(larder.scope(tool_of(&source, SECRET)));
    assert!(poll_once(call.as_mut()).await.is_none(), "it yields");
    assert!(!seen.misses()[0].closed);
    drop(call);
    let misses = seen.misses();
    assert!(misses[0].closed && !misses[0].fields.contains_key("outcome"), "{misses:?}");
    assert_eq!(seen.here(), None);
}

async fn poll_once<F: Future + Unpin>(mut future: F) -> Option<F::Output> {
    std::future::poll_fn(|cx| {
        let polled = std::pin::Pin::new(&mut future).poll(cx);
        std::task::Poll::Ready(match polled {
            std::task::Poll::Ready(value) => Some(value),
            std::task::Poll::Pending => None,
        })
    })
    .await
}

#[tokio::test]
async fn nobody_who_does_not_want_it_is_asked_for_a_span() {
    let seen = Seen(Arc::new(Inner { quiet: true, ..Inner::default() }));
    let _guard = tracing::subscriber::set_default(seen.clone());
    let (larder, source) = (Larder::testing().without_redis(), Source::of(1));
    larder.scope(tool_of(&source, SECRET)).await.unwrap();
    assert_eq!(seen.misses().len(), 0);
    let events = seen.0.events.lock().unwrap().clone();
    assert_eq!(events.len(), 2, "those of the body: {events:?}");
}
