//! Work that outlives the call that began it.

use std::future::Future;
use std::pin::Pin;

/// Runs a future in the background of the tokio runtime that this is called in. Outside of one it is dropped: nothing says
/// what it needs.
pub(crate) fn spawn<F: Future<Output = ()> + Send + 'static>(future: F) {
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        // Behind a box, so that not each function's future has a task of its own to compile.
        let task: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(future);
        drop(runtime.spawn(task));
    }
}

/// Runs a closure in a thread of its own.
pub(crate) fn spawn_blocking(work: impl FnOnce() + Send + 'static) {
    // Without a thread it is dropped, and the next call begins it again.
    let _ = std::thread::Builder::new().name("larder-renewal".to_owned()).spawn(work);
}
