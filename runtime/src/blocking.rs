//! Waiting on a thread, for what cannot await.

use std::future::Future;

/// Waits for a future on this thread.
///
/// In a tokio task every wait counts against what the task may do before it gives way. One that is over that budget is
/// woken when the task has given way, which a thread that blocks never does: so these waits are not counted.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    pollster::block_on(tokio::task::unconstrained(future))
}
