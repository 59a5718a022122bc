//! The way from a call to its function: one slot per thread and site, so that a hit takes no lock to find it, and writes
//! to no memory that another thread writes to.

use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::values::Shelf;
use super::{Core, Function, Instantiation, Kept, Request, Site};
use crate::instance::Larder;

struct Slot {
    instance: u64,
    id: TypeId,
    /// A [`Known`] of what the function keeps.
    known: Box<dyn Any>,
}

/// A function as one thread knows it.
struct Known<M: Shelf> {
    function: Arc<Function>,
    values: Arc<M>,
    view: M::View,
    hits: Arc<AtomicU64>,
}

/// A function as a call sees it.
pub(crate) struct Seen<'a, M: Shelf> {
    pub(crate) core: &'a Core,
    values: &'a M,
    view: &'a M::View,
    hits: &'a AtomicU64,
}

impl<M: Shelf> Seen<'_, M> {
    /// Counts a hit: this thread alone writes to its counter.
    #[inline]
    pub(crate) fn hit(&self) {
        self.hits.store(self.hits.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }

    /// The value of a call, if memory has it and it may be served.
    #[inline]
    pub(crate) fn look(&self, request: &Request<'_>, may_serve: impl Fn(&Kept<M::Value>) -> bool) -> Option<M::Value> {
        self.values.look(self.view, self.core, request, may_serve)
    }
}

thread_local! {
    static SLOTS: RefCell<Vec<Option<Slot>>> = const { RefCell::new(Vec::new()) };
}

impl<M: Shelf> Known<M> {
    fn new(function: Arc<Function>, values: Arc<M>) -> Self {
        let (view, hits) = (values.view(), function.core.hits.of_this_thread());
        Self { function, values, view, hits }
    }

    #[inline]
    fn seen(&self) -> Seen<'_, M> {
        Seen { core: &self.function.core, values: &self.values, view: &self.view, hits: &self.hits }
    }
}

/// Looks at the function that `site` is in `larder`, for one choice of its type parameters.
#[inline]
pub(crate) fn with<M: Shelf, R>(
    larder: &Larder,
    site: &'static Site,
    instantiation: &Instantiation,
    look: impl Fn(Seen<'_, M>) -> R,
) -> R {
    let number = site.number();
    let found = SLOTS.try_with(|slots| {
        let slots = slots.try_borrow().ok()?;
        let slot = slots.get(number)?.as_ref()?;
        let same = slot.instance == larder.id() && slot.id == instantiation.id;
        let known = same.then(|| slot.known.downcast_ref::<Known<M>>())??;
        Some(look(known.seen()))
    });
    if let Ok(Some(answer)) = found {
        return answer;
    }
    let (function, values) = fill::<M>(larder, site, number, instantiation);
    look(Known::new(function, values).seen())
}

#[cold]
fn fill<M: Shelf>(
    larder: &Larder,
    site: &'static Site,
    number: usize,
    instantiation: &Instantiation,
) -> (Arc<Function>, Arc<M>) {
    let (function, values) = larder.function::<M>(site, *instantiation);
    let known = Box::new(Known::new(Arc::clone(&function), Arc::clone(&values)));
    put(number, Slot { instance: larder.id(), id: instantiation.id, known });
    (function, values)
}

fn put(number: usize, slot: Slot) {
    let _ = SLOTS.try_with(|slots| {
        if let Ok(mut slots) = slots.try_borrow_mut() {
            if slots.len() <= number {
                slots.resize_with(number + 1, || None);
            }
            slots[number] = Some(slot);
        }
    });
}
