//! The primitives of flights and epochs: from here, so that `tests/schedules` can give these files others, whose every
//! order it tries.

pub(crate) use std::sync::atomic::{AtomicU64, Ordering};
pub(crate) use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
