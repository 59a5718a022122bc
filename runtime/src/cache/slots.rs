//! The way from a call to its function: one slot per thread and site, so that a hit takes no lock to find it.

use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::sync::Arc;

use super::{AnyFunction, Function, Instantiation, Site};
use crate::instance::Larder;

struct Slot {
    instance: u64,
    id: TypeId,
    function: Arc<dyn AnyFunction>,
}

thread_local! {
    static SLOTS: RefCell<Vec<Option<Slot>>> = const { RefCell::new(Vec::new()) };
}

/// Looks at the function that `site` is in `larder`, for one choice of its type parameters.
#[inline]
pub(crate) fn with<V: Clone + Send + Sync + 'static, R>(
    larder: &Larder,
    site: &'static Site,
    instantiation: Instantiation,
    look: impl Fn(&Function<V>) -> R,
) -> R {
    let number = site.number();
    let found = SLOTS.try_with(|slots| {
        let slots = slots.try_borrow().ok()?;
        let slot = slots.get(number)?.as_ref()?;
        let same = slot.instance == larder.id() && slot.id == instantiation.id;
        let function = same.then(|| (&*slot.function as &dyn Any).downcast_ref::<Function<V>>())??;
        Some(look(function))
    });
    if let Ok(Some(answer)) = found {
        return answer;
    }
    look(&fill(larder, site, number, instantiation))
}

#[cold]
fn fill<V: Clone + Send + Sync + 'static>(
    larder: &Larder,
    site: &'static Site,
    number: usize,
    instantiation: Instantiation,
) -> Arc<Function<V>> {
    let function = larder.function::<V>(site, instantiation);
    let _ = SLOTS.try_with(|slots| {
        if let Ok(mut slots) = slots.try_borrow_mut() {
            if slots.len() <= number {
                slots.resize_with(number + 1, || None);
            }
            slots[number] =
                Some(Slot { instance: larder.id(), id: instantiation.id, function: Arc::clone(&function) as _ });
        }
    });
    function
}
