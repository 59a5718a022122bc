//! The files of the runtime that threads meet in, compiled with primitives whose every step another thread may follow.
//!
//! They are the same files: `crate::sync` is what differs. What wakes a waiter is tokio's, taken as one step.

#[path = "../../../runtime/src/clock.rs"]
#[allow(dead_code, unused_imports, reason = "the runtime uses the rest")]
mod clock;
#[path = "../../../runtime/src/epoch/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the runtime uses the rest")]
mod epoch;

mod cache;

mod sync {
    pub(crate) use shuttle::sync::atomic::{AtomicU64, Ordering};
    pub(crate) use shuttle::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
}

pub mod ends;
pub mod flights;
