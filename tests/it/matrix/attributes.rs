//! Attributes of others beside ours: lints, documentation, conditions, and `#[tracing::instrument]` above and below.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use larder::{hexsha_cached, invalidates, leader, ttl_cached};
use tracing::instrument;
use tracing::span::{Attributes, Id, Record};

use crate::matrix::cells::ran;
use crate::support::{Config, memory};

/// Documented above.
#[must_use = "a value"]
#[ttl_cached(entity = "attributes")]
/// Documented below.
#[inline]
#[allow(clippy::double_must_use, reason = "both places are tried")]
fn around(#[allow(unused_variables, reason = "an attribute of a parameter")] id: u32) -> Result<u32, ()> {
    ran();
    Ok(1)
}

#[ttl_cached(entity = "attributes")]
#[cfg(test)]
async fn present(id: u32) -> u32 {
    ran();
    id
}

#[cfg(not(test))]
#[ttl_cached(entity = "attributes")]
async fn present(id: u32) -> NoSuchType {
    id
}

#[hexsha_cached]
#[cfg(not(test))]
fn absent(config: &NoSuchType) -> u32 {
    config
}

#[hexsha_cached]
#[cfg_attr(test, must_use)]
#[cold]
fn conditionally(config: &Config) -> usize {
    #![allow(clippy::needless_return, reason = "an inner attribute is tried")]
    ran();
    #[cfg(not(test))]
    return 7;
    #[cfg(test)]
    return config.0.len();
}

#[cfg_attr(test, invalidates("conditional:{id}"))]
#[deprecated = "to see that this is still said"]
async fn conditional_write(id: u32) -> u32 {
    ran();
    id
}

#[cfg_attr(not(test), leader("never", ttl = "1m"))]
#[leader("conditional", ttl = "1m", grace = "1m")]
#[must_use]
#[track_caller]
fn conditional_lead() -> Option<u32> {
    ran();
    Some(1)
}

/// A parameter that only some builds have.
#[ttl_cached(entity = "attributes")]
fn of_some_builds(id: u32, #[cfg(not(test))] absent: NoSuchType, #[cfg(test)] present: u32) -> u32 {
    ran();
    id + present
}

#[invalidates("build:{present}")]
async fn written_in_some_builds(#[cfg(not(test))] absent: NoSuchType, #[cfg(test)] present: u32) -> u32 {
    ran();
    present
}

#[tokio::test]
async fn lints_documentation_and_conditions() {
    let cells = async {
        cached! {
            "around"; around(1) => Ok(1),
            "around, another"; around(2) => Ok(1),
            "present"; present(1).await => 1,
            "conditionally"; conditionally(&Config("a")) => 1,
            "of some builds"; of_some_builds(1, 2) => 3,
            "of some builds, another"; of_some_builds(1, 3) => 4,
        }
        #[expect(deprecated, reason = "the attribute is still there")]
        {
            ends! { "conditional", "conditional:1"; conditional_write(1).await => 1 }
        }
        ends! { "some builds", "build:2"; written_in_some_builds(2).await => 2 }
        leads! { "conditional"; conditional_lead() => Some(1), None }
    };
    memory().await.scope(cells).await;
}

/// Counts the spans of this test's functions.
#[derive(Clone, Default)]
struct Spans(Arc<AtomicU64>);

impl tracing::Subscriber for Spans {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.is_span() && metadata.target() == module_path!()
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(self.0.fetch_add(1, Ordering::SeqCst) + 1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &tracing::Event<'_>) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[instrument]
#[ttl_cached(entity = "spans")]
fn ttl_sync_above(id: u32) -> Result<u32, String> {
    ran();
    Ok(id)
}

#[ttl_cached(entity = "spans")]
#[instrument(ret, err, level = "debug")]
fn ttl_sync_below(id: u32) -> Result<u32, String> {
    ran();
    let id = id.to_string().parse::<u32>().map_err(|error| error.to_string())?;
    Ok(id)
}

#[instrument(skip_all, fields(id), err)]
#[ttl_cached(entity = "spans", key(id), tags("span:{id}"))]
async fn ttl_async_above(id: u32, text: &str) -> Result<String, String> {
    ran();
    Ok(format!("{id}{text}"))
}

#[ttl_cached(entity = "spans", skip(text))]
#[instrument(skip(text))]
async fn ttl_async_below(id: u32, text: &str) -> Result<String, String> {
    ran();
    if id == 0 {
        return Err(text.to_owned());
    }
    Ok(format!("{id}{text}"))
}

#[instrument(skip(config))]
#[hexsha_cached]
async fn sha_above(config: &Config, id: u32) -> u32 {
    ran();
    id
}

#[hexsha_cached]
#[instrument(skip(config))]
fn sha_below(config: &Config, id: u32) -> u32 {
    ran();
    id
}

#[instrument(ret)]
#[invalidates("above:{id}", ("ret", ret))]
fn ends_above(id: u32) -> u32 {
    ran();
    id
}

#[invalidates("below:{id}")]
#[instrument(name = "another")]
async fn ends_below(id: u32) -> u32 {
    ran();
    id
}

#[instrument]
#[leader("above", ttl = "1m", grace = "1m")]
async fn leads_above() -> Option<u32> {
    ran();
    Some(1)
}

#[leader("below", ttl = "1m", grace = "1m")]
#[instrument]
async fn leads_below() -> Option<u32> {
    ran();
    Some(1)
}

struct Shop(u32);

#[async_trait::async_trait]
trait Boxed {
    async fn above(&self, id: u32) -> u32;
    async fn below(&self, id: u32) -> u32;
}

#[async_trait::async_trait]
impl Boxed for Shop {
    #[instrument(skip(self))]
    #[ttl_cached(entity = "spans", key(self.0, id))]
    async fn above(&self, id: u32) -> u32 {
        ran();
        self.0 + id
    }

    #[ttl_cached(entity = "spans", key(self.0, id))]
    #[instrument(skip(self))]
    async fn below(&self, id: u32) -> u32 {
        ran();
        self.0 + id
    }
}

impl Shop {
    #[instrument(skip(self))]
    #[ttl_cached(entity = "spans", key(self.0, id))]
    async fn above_async(&mut self, id: u32) -> u32 {
        ran();
        self.0 + id
    }

    #[ttl_cached(entity = "spans", key(self.0, id))]
    #[instrument(skip(self))]
    fn below_sync(&self, id: u32) -> u32 {
        ran();
        self.0 + id
    }
}

/// What stands above is applied first, and so to the body alone; what stands below, to all that ours made of it.
#[tokio::test]
async fn spans_of_runs_above_and_of_calls_below() {
    let spans = Spans::default();
    let _in_force = tracing::subscriber::set_default(spans.clone());
    let seen = || spans.0.swap(0, Ordering::SeqCst);
    let cells = async {
        cached! { "ttl_cached, sync, above"; ttl_sync_above(1) => Ok(1) }
        assert_eq!(seen(), 1, "a span a run");
        cached! { "ttl_cached, sync, below"; ttl_sync_below(1) => Ok(1) }
        assert_eq!(seen(), 3, "a span a call");
        cached! { "ttl_cached, async, above"; ttl_async_above(1, "a").await.unwrap() => "1a" }
        assert_eq!(seen(), 1, "a span a run");
        cached! { "ttl_cached, async, below"; ttl_async_below(1, "a").await.unwrap() => "1a" }
        assert_eq!(seen(), 3, "a span a call");
        counted!("ttl_cached, async, below, a failure", 1, ttl_async_below(0, "a").await.unwrap_err() => "a");
        assert_eq!(seen(), 1, "a span a call");
        cached! { "hexsha_cached, async, above"; sha_above(&Config("a"), 1).await => 1 }
        assert_eq!(seen(), 1, "a span a run");
        cached! { "hexsha_cached, sync, below"; sha_below(&Config("a"), 1) => 1 }
        assert_eq!(seen(), 3, "a span a call");
        ends! {
            "invalidates, sync, above", "above:1"; ends_above(1) => 1,
            "invalidates, async, below", "below:1"; ends_below(1).await => 1,
        }
        assert_eq!(seen(), 2, "a span a write");
        leads! { "leader, above"; leads_above().await => Some(1), None }
        assert_eq!(seen(), 1, "a span a run");
        leads! { "leader, below"; leads_below().await => Some(1), None }
        assert_eq!(seen(), 2, "a span a call");
        cached! { "async_trait, above"; Shop(1).above(1).await => 2 }
        assert_eq!(seen(), 1, "a span a run");
        cached! { "async_trait, below"; Shop(1).below(1).await => 2 }
        assert_eq!(seen(), 3, "a span a call");
        cached! { "method, above"; Shop(1).above_async(1).await => 2 }
        assert_eq!(seen(), 1, "a span a run");
        cached! { "method, below"; Shop(1).below_sync(1) => 2 }
        assert_eq!(seen(), 3, "a span a call");
    };
    memory().await.scope(Box::pin(cells)).await;
}
