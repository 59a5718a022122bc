//! A scope that gathers what the ends made inside it did.

use std::collections::BTreeMap;
use std::future::Future;
use std::iter::successors;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::held::Held;
use super::{Larder, Receipt};
use crate::ambient::Ambient;
use crate::epoch::{Cell, Epoch};

/// Runs a future, and gives what it returns with one [`Receipt`] of all that was ended inside.
///
/// `#[invalidates]` returns what its function returns, and keeps its receipt to itself; this hands it out, together with those
/// of [`invalidate`](crate::invalidate), [`clear`](crate::clear), [`forget`](crate::forget()) and of every
/// [`transaction`](crate::transaction) inside. A name that was ended several times has the last of its epochs. A name
/// whose end Redis has not confirmed when the future ends, or that nobody waited for, has none, and the receipt is not
/// [applied](Receipt::is_applied): [`after`](crate::after) ends it once more, so it is safe to carry. Inside a transaction
/// that goes on, the receipt is [held](Receipt::is_held).
///
/// It goes along into tasks and threads by [`frame`](crate::frame). Of two scopes, one inside the other, both gather. A
/// receipt of more than 65 536 names cannot be read back.
///
/// # Examples
///
/// ```
/// # pollster::block_on(async {
/// #[larder::invalidates("tools", "tool:{id}")]
/// async fn rename(id: u64) -> Result<(), String> {
///     let _ = id;
///     Ok(())
/// }
///
/// let (renamed, receipt) = larder::receipts(rename(7)).await;
/// renamed?;
/// assert!(receipt.is_applied());
/// assert_eq!(receipt.names().collect::<Vec<_>>(), ["tool:7", "tools"]);
///
/// // It goes with a job; whoever does the job begins by `larder::after(&receipt).await`.
/// let carried = serde_json::to_string(&receipt)?;
/// # let _ = carried;
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
pub fn receipts<F: Future>(future: F) -> impl Future<Output = (F::Output, Receipt)> + use<F> {
    gather(None, future)
}

impl Larder {
    /// [`receipts`](crate::receipts) with this instance in force.
    ///
    /// # Examples
    ///
    /// ```
    /// # pollster::block_on(async {
    /// let larder = larder::Larder::builder().build().await?;
    /// let (ended, receipt) = larder.receipts(larder::invalidate("tools")).await;
    /// assert_eq!(ended?, receipt);
    /// # Ok::<(), larder::Error>(()) }).unwrap();
    /// ```
    pub fn receipts<F: Future>(&self, future: F) -> impl Future<Output = (F::Output, Receipt)> + use<F> {
        gather(Some(self.clone()), future)
    }
}

/// It is part of whatever it is awaited in, also where it was made before that.
async fn gather<F: Future>(larder: Option<Larder>, future: F) -> (F::Output, Receipt) {
    let mut ambient = larder.map_or_else(Ambient::inherit, |larder| larder.ambient());
    let gathered = Arc::new(Gathered {
        outer: ambient.receipts.take(),
        within: ambient.transaction.clone(),
        ends: Mutex::new(Some(Ends::default())),
    });
    ambient.receipts = Some(Arc::clone(&gathered));
    let output = ambient.scope(future).await;
    (output, gathered.receipt())
}

/// The ends made inside one scope, as far as they are known.
#[derive(Debug)]
pub(crate) struct Gathered {
    outer: Option<Arc<Self>>,
    /// The transaction that the scope is part of: what that holds is not ended when the scope is over.
    within: Option<Arc<Held>>,
    /// `None` once the scope is over.
    ends: Mutex<Option<Ends>>,
}

#[derive(Debug, Default)]
struct Ends {
    /// Numbers them in the order in which they began.
    begun: u64,
    names: BTreeMap<Arc<str>, Known>,
}

/// What is known of one name.
#[derive(Debug)]
struct Known {
    /// The instance that ended it.
    origin: u64,
    /// The last of its ends that began, and the last that was confirmed. One behind an earlier one settles that, too: both
    /// writes were over when its epoch was raised.
    begun: u64,
    confirmed: u64,
    epoch: Epoch,
    held: bool,
}

impl Known {
    fn is_confirmed(&self) -> bool {
        self.origin != SEVERAL && self.begun > 0 && self.begun == self.confirmed
    }
}

/// The origin of what several instances ended: their epochs are not to be compared.
const SEVERAL: u64 = 0;

impl Ends {
    fn name(&mut self, origin: u64, name: &Arc<str>) -> &mut Known {
        let unknown = Known { origin, begun: 0, confirmed: 0, epoch: Epoch::UNKNOWN, held: false };
        let known = self.names.entry(Arc::clone(name)).or_insert(unknown);
        if known.origin != origin {
            known.origin = SEVERAL;
        }
        known
    }

    fn begin(&mut self, origin: u64, cells: &[Arc<Cell>]) -> u64 {
        self.begun += 1;
        let begun = self.begun;
        cells.iter().for_each(|cell| self.name(origin, cell.name()).begun = begun);
        begun
    }

    fn confirm(&mut self, begun: u64, epochs: &BTreeMap<Arc<str>, Epoch>) {
        for (name, epoch) in epochs {
            let Some(known) = self.names.get_mut(name) else { continue };
            known.confirmed = known.confirmed.max(begun);
            if !epoch.is_before(known.epoch) {
                known.epoch = *epoch;
            }
        }
    }
}

impl Gathered {
    fn ends(&self) -> MutexGuard<'_, Option<Ends>> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The scopes that gather here, the innermost first.
    fn all() -> Vec<Arc<Self>> {
        let innermost = Ambient::current().and_then(|ambient| ambient.receipts.clone());
        successors(innermost, |scope| scope.outer.clone()).collect()
    }

    /// A transaction holds ends: they are none yet for scopes that are part of it.
    pub(super) fn held(by: &Arc<Held>, origin: u64, cells: &[Arc<Cell>]) {
        for scope in Self::all() {
            if scope.within.as_ref().is_some_and(|within| within.is_within(by))
                && let Some(ends) = &mut *scope.ends()
            {
                cells.iter().for_each(|cell| ends.name(origin, cell.name()).held = true);
            }
        }
    }

    /// The scope is over.
    fn receipt(&self) -> Receipt {
        let names = self.ends().take().unwrap_or_default().names;
        let Some(first) = names.values().next() else { return Receipt::nothing() };
        let origin = if names.values().all(|known| known.origin == first.origin) { first.origin } else { SEVERAL };
        let applied = names.values().all(Known::is_confirmed);
        let held = names.values().any(|known| known.held);
        let epoch = |known: &Known| if known.is_confirmed() { known.epoch } else { Epoch::UNKNOWN };
        let receipt = Receipt::of(origin, names.iter().map(|(name, known)| (Arc::clone(name), epoch(known))), applied);
        if held { receipt.before_the_commit() } else { receipt }
    }
}

/// Ends under way, and the scopes that are to learn what they did.
#[derive(Debug)]
pub(super) struct Gathering {
    scopes: Vec<(Arc<Gathered>, u64)>,
}

impl Gathering {
    /// To be made as the ends begin.
    pub(super) fn begin(origin: u64, cells: &[Arc<Cell>]) -> Self {
        let begin = |scope: Arc<Gathered>| {
            let begun = scope.ends().as_mut()?.begin(origin, cells);
            Some((scope, begun))
        };
        Self { scopes: Gathered::all().into_iter().filter_map(begin).collect() }
    }

    /// Takes note of what they did.
    pub(super) fn settle(&self, receipt: &Receipt) {
        if !receipt.is_applied() {
            return;
        }
        for (scope, begun) in &self.scopes {
            if let Some(ends) = &mut *scope.ends() {
                ends.confirm(*begun, &receipt.epochs);
            }
        }
    }
}
