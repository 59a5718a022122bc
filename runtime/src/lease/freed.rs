//! Who waits for which lease, and how they are woken.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::Notify;

use crate::epoch::canonical;

/// Those who wait, by the name under which a lease is announced. A place is given up when the wait is.
#[derive(Debug, Default)]
pub(crate) struct Freed {
    waiting: Mutex<HashMap<Box<str>, Weak<Notify>>>,
}

impl Freed {
    fn waiting(&self) -> MutexGuard<'_, HashMap<Box<str>, Weak<Notify>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is notified when the lease of `key` may be free.
    pub(crate) fn of(&self, key: &str) -> Arc<Notify> {
        let (name, mut waiting) = (canonical(key), self.waiting());
        if let Some(known) = waiting.get(&*name).and_then(Weak::upgrade) {
            return known;
        }
        waiting.retain(|_, place| place.strong_count() > 0);
        let notify = Arc::new(Notify::new());
        waiting.insert(Box::from(&*name), Arc::downgrade(&notify));
        notify
    }

    /// The lease of this name was let go.
    pub(crate) fn wake(&self, name: &str) {
        let place = self.waiting().get(name).and_then(Weak::upgrade);
        if let Some(place) = place {
            place.notify_waiters();
        }
    }

    /// Any lease may have been let go unheard.
    #[cfg_attr(not(any(feature = "redis", feature = "testkit")), allow(dead_code, reason = "no link, no deafness"))]
    pub(crate) fn wake_all(&self) {
        let places: Vec<_> = self.waiting().values().filter_map(Weak::upgrade).collect();
        places.iter().for_each(|place| place.notify_waiters());
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future as _;
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    #[test]
    fn whoever_waits_for_a_name_is_woken_by_it_or_by_all_and_leaves_no_trace() {
        let freed = Freed::default();
        let mut cx = Context::from_waker(Waker::noop());
        for wake in [|freed: &Freed| freed.wake(&canonical("a b")), Freed::wake_all] {
            let (place, again) = (freed.of("a b"), freed.of("a b"));
            let (mut first, mut second) = (pin!(place.notified()), pin!(again.notified()));
            first.as_mut().enable();
            second.as_mut().enable();
            freed.wake("a b");
            freed.wake("c");
            assert!(first.as_mut().poll(&mut cx).is_pending(), "those are other names");
            wake(&freed);
            assert!(first.as_mut().poll(&mut cx).is_ready() && second.as_mut().poll(&mut cx).is_ready());
        }
        drop(freed.of("d"));
        let _kept = freed.of("e");
        assert_eq!(freed.waiting().len(), 1);
    }
}
