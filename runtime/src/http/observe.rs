//! The cached calls that a response is made of, watched while they are made.

use std::future::Future;
use std::sync::Arc;

use super::Conditional;
use super::conditional::Source;
use super::control::Life;
use super::tags::Validator;
use crate::ambient::Ambient;
use crate::cache::{Frame, Watched};
use crate::clock::Moment;
use crate::instance::Larder;

/// Runs a future, and tells what the cached calls in it make of a response: its tag, and how long it is fresh.
///
/// The tag is that of the computations whose values were served: it is the same, in every process, until one of them is made
/// anew, by an invalidation or because its time was over. For one that outlives that, where the value turns out the same,
/// see [`Conditional::content`]. It is a weak tag, since larder knows the values and not the bytes that are made of them;
/// see [`Conditional::strong`]. What the response depends on besides, such as a language, goes into [`Conditional::scope`].
///
/// The life is the shortest that is left to any of the values. A client that keeps a response so long, unasked, sees no
/// invalidation before: where that is too late, say [`Conditional::no_cache`] or a [`Conditional::max_age`].
///
/// Where a value was kept nowhere (an `Err` without `err_ttl`, `store_if`, `ttl = 0`, a cache that is off), and where no cached call was made,
/// there is no tag, and `Cache-Control` is `no-store`: nobody could say when it changes. Not seen: tasks that were spawned without
/// [`larder::frame`](crate::frame), what runs [`detached`](crate::detached), and calls that go to another instance, which
/// count as kept nowhere. Within a cached body, everything is that body's, too.
///
/// # Examples
///
/// ```
/// # pollster::block_on(async {
/// use larder::http::observe;
///
/// #[larder::ttl_cached(entity = "tools", ttl = "30s", jitter = 0)]
/// async fn tool(id: u64) -> String {
///     format!("tool {id}")
/// }
///
/// let larder = larder::Larder::builder().build().await?;
/// larder.scope(async {
///     let (text, conditional) = observe(async { tool(1).await + &tool(2).await }).await;
///     assert_eq!(text, "tool 1tool 2");
///     assert!(conditional.etag().is_some());
///     assert!(["private, max-age=30", "private, max-age=29"].contains(&conditional.cache_control().to_str().unwrap()));
/// }).await;
/// # Ok::<(), larder::Error>(()) }).unwrap();
/// ```
pub async fn observe<F: Future>(future: F) -> (F::Output, Conditional) {
    let mut ambient = Ambient::inherit();
    let larder = ambient.larder.get_or_insert_with(Larder::current).clone();
    let frame = Frame::watching(ambient.frame.take());
    ambient.frame = Some(Arc::clone(&frame));
    let output = ambient.scope(future).await;
    (output, conditional(larder, frame.watched()))
}

fn conditional(larder: Larder, watched: Option<Watched>) -> Conditional {
    let Some(Watched { mut made, fresh_until, .. }) = watched.filter(|watched| !watched.unstored) else {
        return Conditional::of(Source::Nothing);
    };
    if made.is_empty() {
        return Conditional::of(Source::Nothing);
    }
    // Calls that run side by side come in any order.
    made.sort_unstable();
    made.dedup();
    let numbers: Vec<u8> = made.into_iter().flat_map(u64::to_le_bytes).collect();
    let life = if fresh_until == Moment::NEVER { Life::Unknown } else { Life::Until(larder, fresh_until) };
    Conditional::of(Source::Calls(Validator::of("calls", [&*numbers]), life))
}
