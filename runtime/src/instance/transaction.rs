//! A scope that holds invalidations back until what they belong to is committed.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;

use super::Larder;
use super::ends::Ending;
use super::held::Held;
use crate::ambient::{Ambient, Mode};
use crate::value::Conclusion;

/// Runs a future that is a database transaction: every invalidation inside it waits for its end.
///
/// What [`invalidate`](crate::invalidate), [`clear`](crate::clear), [`forget`](crate::forget()) and `#[invalidates]` end
/// inside is held. When the future ends `Ok` it is sent, in one round trip, before this returns; when it ends `Err` or
/// panics it is dropped. When it is dropped before its end nobody knows whether the commit got through: then it is sent,
/// which costs a miss at most. What ends well is for [`Conclusion`] to say, and what is no `Result` does.
///
/// Inside, a cached call sees what the transaction sees: an entry that a held name would end is not served, and what is
/// computed is stored nowhere and handed to nobody else, since its rows may never be committed. Entries that nothing held
/// touches are served as ever.
///
/// It goes along into tasks and threads by [`frame`](crate::frame), as cached bodies do. Of two transactions, one inside the
/// other, the inner hands what it holds to the outer.
///
/// # Examples
///
/// ```
/// # pollster::block_on(async {
/// #[larder::ttl_cached(entity = "tools")]
/// async fn tool(id: u32) -> u32 { id }
///
/// #[larder::invalidates("tools")]
/// async fn rename(id: u32) -> Result<(), String> { Ok(()) }
///
/// async fn commit() -> Result<(), String> { Err("conflict".into()) }
///
/// tool(1).await;
/// let outcome = larder::transaction(async {
///     rename(1).await?;
///     commit().await
/// }).await;
/// assert!(outcome.is_err());
/// tool(1).await;                                                     // nothing was ended
/// assert_eq!(larder::stats().entities["tools"].misses, 1);
/// # });
/// ```
pub fn transaction<F>(future: F) -> impl Future<Output = F::Output> + use<F>
where
    F: Future<Output: Conclusion>,
{
    hold(Ambient::inherit(), future)
}

impl Larder {
    /// [`transaction`](crate::transaction) with this instance in force.
    ///
    /// # Examples
    ///
    /// ```
    /// # pollster::block_on(async {
    /// let larder = larder::Larder::builder().build().await?;
    /// larder.transaction(async {
    ///     let receipt = larder::invalidate("tools").await?;
    ///     assert!(receipt.is_held());
    ///     Ok::<(), larder::Error>(())                                // the commit
    /// }).await?;
    /// assert_eq!(larder.stats().entities["tools"].invalidations, 1);
    /// # Ok::<(), larder::Error>(()) }).unwrap();
    /// ```
    pub fn transaction<F>(&self, future: F) -> impl Future<Output = F::Output> + use<F>
    where
        F: Future<Output: Conclusion>,
    {
        hold(self.ambient(), future)
    }
}

fn hold<F>(mut ambient: Ambient, future: F) -> impl Future<Output = F::Output> + use<F>
where
    F: Future<Output: Conclusion>,
{
    let held = Held::within(ambient.transaction.take());
    ambient.transaction = Some(Arc::clone(&held));
    if ambient.mode == Mode::Normal {
        ambient.mode = Mode::Held;
    }
    let scoped = ambient.scope(future);
    async move {
        // What is inside is dropped first, and may still end names.
        let mut open = Open { held, polled: false };
        let mut scoped = pin!(scoped);
        let returned = poll_fn(|cx| {
            open.polled = true;
            let polled = scoped.as_mut().poll(cx);
            open.polled = false;
            polled
        })
        .await;
        for ending in open.conclude(returned.is_committed()) {
            ending.await;
        }
        returned
    }
}

/// A transaction that has not come to its end.
struct Open {
    held: Arc<Held>,
    /// It is being polled: what unwinds through here is its own panic.
    polled: bool,
}

impl Open {
    /// What is under way now.
    fn conclude(&self, committed: bool) -> Vec<Ending> {
        if committed {
            return self.held.make();
        }
        self.held.discard();
        Vec::new()
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        // Begun already, or taken over by a transaction around: there is nothing to wait for.
        drop(self.conclude(!self.polled));
    }
}
