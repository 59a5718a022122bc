//! What a task, a thread or a part of a body takes along of the cached body that it works for.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use crate::ambient::{Ambient, Mode};
use crate::cache;
use crate::instance::Larder;

/// What is in force where [`frame`] was called: the instance, and the cached body that is being run.
#[derive(Clone)]
#[must_use = "it does nothing until something runs in it"]
pub struct Frame {
    ambient: Ambient,
}

/// Takes what is in force here, to have it in another task or thread.
///
/// What a cached body calls, also through `join!` and over any number of functions, becomes part of what its result
/// depends on. A task that it spawns is not seen, unless it is given the body's frame. Outside a cached body the frame
/// still carries the instance of the innermost [`Larder::scope`].
///
/// # Examples
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// #[larder::ttl_cached(entity = "tools")]
/// async fn tool(id: u32) -> u32 {
///     id
/// }
///
/// #[larder::ttl_cached(entity = "pages")]
/// async fn page(first: u32) -> u32 {
///     let half = tokio::spawn(larder::frame().scope(tool(first)));
///     half.await.unwrap_or_default() + tool(first + 1).await
/// }
///
/// assert_eq!(page(1).await, 3);
/// // `page` called `tool`, so what ends tools ends pages.
/// larder::invalidate("tools").await?;
/// page(1).await;
/// assert_eq!(larder::stats().entities["pages"].misses, 2);
/// # Ok::<(), larder::Error>(()) }).unwrap();
/// ```
pub fn frame() -> Frame {
    let mut ambient = Ambient::inherit();
    ambient.larder.get_or_insert_with(Larder::current);
    Frame { ambient }
}

/// Runs a future whose cached calls are none of the calling body's business: what ends them does not end its result.
///
/// # Examples
///
/// ```
/// # pollster::block_on(async {
/// #[larder::ttl_cached(entity = "banners")]
/// async fn banner() -> u32 {
///     1
/// }
///
/// #[larder::ttl_cached(entity = "pages")]
/// async fn page() -> u32 {
///     larder::detached(banner()).await
/// }
///
/// page().await;
/// larder::invalidate("banners").await?;
/// page().await;
/// assert_eq!(larder::stats().entities["pages"].misses, 1);
/// # Ok::<(), larder::Error>(()) }).unwrap();
/// ```
pub fn detached<F: Future>(future: F) -> impl Future<Output = F::Output> + use<F> {
    let mut ambient = Ambient::inherit();
    // What is gathered there is dropped; who waits for whom is still known, so that no cycle deadlocks.
    ambient.frame = ambient.frame.map(|frame| cache::Frame::new(Some(frame), Arc::default()));
    ambient.scope(future)
}

impl Frame {
    /// Runs a future with this in force. It borrows nothing, so it can be spawned.
    ///
    /// Inside another cached body than the one it was taken in, it makes that body's result one that is not stored: what is
    /// called in this frame is part of what the former depends on.
    pub fn scope<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        self.leave();
        self.ambient.clone().scope(future)
    }

    /// Runs a closure with this in force: [`scope`](Self::scope) for threads.
    pub fn run<R>(&self, body: impl FnOnce() -> R) -> R {
        self.leave();
        self.ambient.clone().run(body)
    }

    /// The body that is being run here cannot be ended by what ends in a frame that does not lead to it: it is not stored.
    fn leave(&self) {
        if let Some(here) = Ambient::current().and_then(|ambient| ambient.frame.clone()) {
            here.left_for(self.ambient.frame.as_ref());
        }
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ambient { larder, frame, mode, .. } = &self.ambient;
        let inside = frame.is_some() && *mode != Mode::Bypass;
        f.debug_struct("Frame").field("larder", larder).field("inside_a_body", &inside).finish_non_exhaustive()
    }
}
