//! The instance's own thread: timers and I/O that no user's runtime can end or starve.

use std::future::Future;
use std::pin::Pin;
#[cfg(feature = "testkit")]
use std::sync::Weak;
use std::sync::{Arc, OnceLock};

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use crate::log;

/// A thread with a tokio runtime, started at its first use and ended when the last handle is gone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reactor {
    started: Arc<OnceLock<Option<Started>>>,
}

#[derive(Debug)]
struct Started {
    handle: Handle,
    /// Dropping it ends the thread.
    _alive: oneshot::Sender<()>,
}

impl Reactor {
    /// The runtime of the thread; `None` when the operating system refused one.
    fn handle(&self) -> Option<&Handle> {
        self.started.get_or_init(start).as_ref().map(|started| &started.handle)
    }

    /// Runs a future on the thread. What is returned can be awaited or dropped: the future goes on.
    pub(crate) fn spawn<F>(&self, future: F) -> Spawned<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        if let Some(handle) = self.handle() {
            // Behind a box, so that all share what tokio compiles for a task.
            let task: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(async move {
                let _ = sender.send(future.await);
            });
            handle.spawn(task);
        }
        Spawned(receiver)
    }
}

#[cfg(feature = "testkit")]
impl Reactor {
    /// Blocks until all that is ready on the thread has been run, where the thread was started. Not to be called on it.
    pub(crate) fn settle(&self) {
        if self.started.get().is_some_and(Option::is_some) {
            // A task that yields is run again after all that was ready before.
            let settled = self.spawn(async {
                tokio::task::yield_now().await;
                tokio::task::yield_now().await;
            });
            let _ = crate::blocking::block_on(settled.result());
        }
    }

    /// A handle that does not keep the thread running.
    pub(crate) fn downgrade(&self) -> WeakReactor {
        WeakReactor(Arc::downgrade(&self.started))
    }
}

/// A handle that does not keep the thread running.
#[cfg(feature = "testkit")]
#[derive(Clone, Debug)]
pub(crate) struct WeakReactor(Weak<OnceLock<Option<Started>>>);

#[cfg(feature = "testkit")]
impl WeakReactor {
    pub(crate) fn upgrade(&self) -> Option<Reactor> {
        self.0.upgrade().map(|started| Reactor { started })
    }
}

/// The result of a future that runs on the reactor's thread.
#[derive(Debug)]
pub(crate) struct Spawned<T>(oneshot::Receiver<T>);

impl<T> Spawned<T> {
    /// `None` when the thread has ended, or never began.
    pub(crate) async fn result(self) -> Option<T> {
        self.0.await.ok()
    }
}

fn start() -> Option<Started> {
    let (alive, gone) = oneshot::channel::<()>();
    let (handle_sender, handle) = std::sync::mpsc::channel();
    let thread = std::thread::Builder::new().name("larder".to_owned()).spawn(move || {
        let built = {
            let mut builder = Builder::new_current_thread();
            builder.enable_time();
            #[cfg(feature = "redis")]
            builder.enable_io();
            builder.build()
        };
        let Ok(runtime) = built else { return };
        if handle_sender.send(runtime.handle().clone()).is_ok() {
            runtime.block_on(async {
                let _ = gone.await;
            });
        }
        runtime.shutdown_background();
    });
    let started = thread.ok().and_then(|_| handle.recv().ok()).map(|handle| Started { handle, _alive: alive });
    if started.is_none() {
        log::warn(&format_args!("no thread could be started: Redis and leases are off in this process"));
    }
    started
}
