//! The cell alone, in every order that the memory model allows: what flights rely on without a lock.

#[path = "../../../runtime/src/epoch/cell.rs"]
#[allow(dead_code, reason = "the runtime uses the rest")]
mod cell;
#[path = "../../../runtime/src/clock.rs"]
#[allow(dead_code, unused_imports, reason = "the runtime uses the rest")]
mod clock;
#[path = "../../../runtime/src/epoch/number.rs"]
#[allow(dead_code, reason = "the runtime uses the rest")]
mod number;
#[path = "../../../runtime/src/epoch/told.rs"]
#[allow(dead_code, reason = "the runtime uses the rest")]
mod told;

mod sync {
    pub(crate) use loom::sync::atomic::{AtomicU64, Ordering};
    pub(crate) use loom::sync::{Mutex, MutexGuard};
    pub(crate) use std::sync::{Arc, PoisonError};
}

use cell::Cell;
use loom::thread;
use number::Epoch;
use sync::{Arc, AtomicU64, Ordering};
use told::Told;

/// Whoever reads the counter first and the epoch second, and sees the old epoch, has a counter below the change.
#[test]
fn who_sees_the_old_epoch_has_a_counter_below_the_change() {
    loom::model(|| {
        let counter = Arc::new(AtomicU64::new(0));
        let cell = Arc::new(Cell::new(Arc::from("tools"), Epoch::provisional(1), 0));
        let writer = {
            let (counter, cell) = (Arc::clone(&counter), Arc::clone(&cell));
            thread::spawn(move || cell.end(&counter, Epoch::provisional(2)))
        };
        let began = counter.load(Ordering::SeqCst);
        let seen = cell.epoch();
        writer.join().expect("it ends");
        assert!(seen == Epoch::provisional(2) || cell.changed() > began, "an old stamp that looks new");
    });
}

/// A reply that was asked for before an announcement is not taken over after it.
#[test]
fn a_reply_never_stands_above_news_that_came_after_it_was_asked_for() {
    loom::model(|| {
        let counter = Arc::new(AtomicU64::new(0));
        let cell = Arc::new(Cell::new(Arc::from("tools"), Epoch::confirmed(1), 0));
        let guard = cell.guard();
        let handler = {
            let (counter, cell) = (Arc::clone(&counter), Arc::clone(&cell));
            thread::spawn(move || cell.announce(&counter, Epoch::confirmed(3).into(), false, Epoch::provisional(1)))
        };
        cell.learn(&counter, guard, Epoch::confirmed(2).into());
        handler.join().expect("it ends");
        assert_eq!(cell.epoch(), Epoch::confirmed(3));
    });
}
