//! The end of a single entry, named by the call that it answers.

use std::fmt;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::{Larder, Receipt};
use crate::cache::{Probed, probe};
use crate::epoch::Fencing;
use crate::error::{Error, ErrorKind};

/// A call of an async cached function: the future that it returned.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a call of an async cached function",
    label = "no entry can be told from this",
    note = "an async call is asked for its entry and dropped before its body runs; a sync function would have run",
    note = "give the values of a sync function a tag, and end that: `tags(\"tool:{{id}}\")` and `larder::invalidate(\"tool:7\")`"
)]
pub trait CachedCall: Future {}

#[diagnostic::do_not_recommend]
impl<F: Future> CachedCall for F {}

/// Ends exactly the entry that this call would be answered from, in every process.
///
/// The call itself names the entry: it is polled once, up to the first cached function that it reaches, and dropped
/// before any body runs. So the arguments are checked by the compiler, and no key is written twice. What was made of the
/// entry inside other cached bodies is ended with it, with all that was made there of any entry of the same function. Of two
/// cached attributes on one function, the outer one's entry is ended.
///
/// When this returns, no later call in this process gets a value of that entry whose computation began before. Where
/// Redis is configured and away, the end is kept and sent when it is back; [`Receipt::is_applied`] tells.
///
/// # Errors
///
/// When the future does not begin with a call of an async cached function.
///
/// # Examples
///
/// ```
/// # pollster::block_on(async {
/// #[larder::ttl_cached(entity = "tools")]
/// async fn tool(id: u32) -> u32 {
///     id
/// }
///
/// tool(1).await;
/// tool(2).await;
/// larder::forget(tool(1)).await?;
/// tool(1).await;
/// tool(2).await;
/// let counts = larder::stats().entities["tools"].clone();
/// assert_eq!((counts.misses, counts.hits()), (3, 1));
/// # Ok::<(), larder::Error>(()) }).unwrap();
/// ```
pub fn forget<C: CachedCall>(call: C) -> Forget<C> {
    Forget { step: Step::Asking(call, |call| probe(call)) }
}

/// The future of [`forget`].
///
/// It asks nothing of `C`, so that what is no call is one fault, at the call.
///
/// # Examples
///
/// ```
/// #[larder::ttl_cached(entity = "tools")]
/// async fn tool(id: u32) -> u32 {
///     id
/// }
///
/// let forget: larder::Forget<_> = larder::forget(tool(1));
/// assert!(pollster::block_on(forget)?.is_applied());
/// # Ok::<(), larder::Error>(())
/// ```
#[must_use = "a future does nothing until it is awaited"]
pub struct Forget<C> {
    step: Step<C>,
}

enum Step<C> {
    /// The call, and what asks it for its entry where the future is awaited.
    Asking(C, fn(C) -> Probed),
    Ending(Pin<Box<dyn Future<Output = Receipt> + Send>>),
    Done,
}

/// The call is not pinned here: it is moved to where it is asked.
impl<C> Unpin for Forget<C> {}

impl<C> Future for Forget<C> {
    type Output = Result<Receipt, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut ending = match mem::replace(&mut self.step, Step::Done) {
            Step::Asking(call, ask) => match ask(call) {
                Probed::Entry(target) => {
                    let larder = target.larder.clone();
                    Box::pin(larder.end_with(Vec::new(), &[target.into_cells()], Fencing::None))
                }
                Probed::Uncached => return Poll::Ready(Ok(Receipt::nothing())),
                Probed::Nothing => return Poll::Ready(Err(Error::new(ErrorKind::Configuration, NOTHING))),
            },
            Step::Ending(ending) => ending,
            Step::Done => return Poll::Ready(Ok(Receipt::nothing())),
        };
        let polled = ending.as_mut().poll(context);
        if polled.is_pending() {
            self.step = Step::Ending(ending);
        }
        polled.map(Ok)
    }
}

impl<C> fmt::Debug for Forget<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Forget").finish_non_exhaustive()
    }
}

const NOTHING: &str =
    "there is nothing to forget: give the call of an async cached function, such as `larder::forget(tool(7))`";

/// The entry that a call in `#[invalidates(tool(id))]` names.
#[derive(Clone, Debug)]
pub struct EntryOf(Probed);

/// Asks the call in `#[invalidates(tool(id))]` for its entry.
pub fn entry_of<C: CachedCall>(call: C) -> EntryOf {
    let probed = probe(call);
    if matches!(probed, Probed::Nothing) {
        crate::log::warn(&format_args!("in `#[invalidates(..)]`, a call that is not one of an async cached function"));
    }
    EntryOf(probed)
}

impl EntryOf {
    /// Ends entries, and names, in one round trip.
    pub(crate) fn end(
        larder: &Larder,
        names: Vec<String>,
        entries: Vec<Self>,
        fencing: Fencing,
    ) -> impl Future<Output = Receipt> + Send + use<> + 'static {
        let cells = entries.into_iter().filter_map(|entry| match entry.0 {
            Probed::Entry(target) if target.larder.id() == larder.id() => Some(target.into_cells()),
            // It lives in another instance, and is ended there.
            Probed::Entry(target) => {
                let elsewhere = target.larder.clone();
                drop(elsewhere.end_with(Vec::new(), &[target.into_cells()], Fencing::None));
                None
            }
            Probed::Nothing | Probed::Uncached => None,
        });
        larder.end_with(names, &cells.collect::<Vec<_>>(), fencing)
    }
}
