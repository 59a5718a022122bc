//! The way from a call to its function: one slot per thread and site, so that a hit takes no lock to find it, and writes
//! to no memory that another thread writes to.

use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::revisions::{Maps, View};
use super::{Function, Instantiation, Site};
use crate::instance::Larder;

struct Slot {
    instance: u64,
    id: TypeId,
    /// A [`Known`] of the function's value type.
    known: Box<dyn Any>,
}

/// A function as one thread knows it.
struct Known<V> {
    function: Arc<Function<V>>,
    revisions: RefCell<View<V>>,
    hits: Arc<AtomicU64>,
}

/// A function as a call sees it.
pub(crate) struct Seen<'a, V> {
    pub(crate) function: &'a Function<V>,
    revisions: &'a RefCell<View<V>>,
    hits: &'a AtomicU64,
}

impl<V: Clone> Seen<'_, V> {
    /// Counts a hit: this thread alone writes to its counter.
    #[inline]
    pub(crate) fn hit(&self) {
        self.hits.store(self.hits.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }

    /// Looks at the present snapshot of the revisions.
    #[inline]
    pub(crate) fn revisions<R>(&self, look: impl FnOnce(&Maps<V>) -> R) -> R {
        match self.revisions.try_borrow_mut() {
            Ok(mut view) => look(view.load()),
            // A value's own `clone` calls the function that it came from.
            Err(_) => look(self.function.revisions.view().load()),
        }
    }
}

thread_local! {
    static SLOTS: RefCell<Vec<Option<Slot>>> = const { RefCell::new(Vec::new()) };
}

impl<V: Clone + Send + Sync + 'static> Known<V> {
    fn new(function: Arc<Function<V>>) -> Self {
        let revisions = RefCell::new(function.revisions.view());
        let hits = function.core.hits.of_this_thread();
        Self { function, revisions, hits }
    }

    #[inline]
    fn seen(&self) -> Seen<'_, V> {
        Seen { function: &self.function, revisions: &self.revisions, hits: &self.hits }
    }
}

/// Looks at the function that `site` is in `larder`, for one choice of its type parameters.
#[inline]
pub(crate) fn with<V: Clone + Send + Sync + 'static, R>(
    larder: &Larder,
    site: &'static Site,
    instantiation: &Instantiation,
    look: impl Fn(Seen<'_, V>) -> R,
) -> R {
    let number = site.number();
    let found = SLOTS.try_with(|slots| {
        let slots = slots.try_borrow().ok()?;
        let slot = slots.get(number)?.as_ref()?;
        let same = slot.instance == larder.id() && slot.id == instantiation.id;
        let known = same.then(|| slot.known.downcast_ref::<Known<V>>())??;
        Some(look(known.seen()))
    });
    if let Ok(Some(answer)) = found {
        return answer;
    }
    let function = fill(larder, site, number, instantiation);
    look(Known::new(function).seen())
}

#[cold]
fn fill<V: Clone + Send + Sync + 'static>(
    larder: &Larder,
    site: &'static Site,
    number: usize,
    instantiation: &Instantiation,
) -> Arc<Function<V>> {
    let function = larder.function::<V>(site, *instantiation);
    let known = Box::new(Known::new(Arc::clone(&function)));
    put(number, Slot { instance: larder.id(), id: instantiation.id, known });
    function
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
