//! What travels with a task: the instance in force, the cached body being run, the mode of the calls below.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::cache::{Frame, Probe};
use crate::instance::{Gathered, Held, Larder};
use crate::lease::Lease;

/// How cached calls behave below this point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) enum Mode {
    /// Look up, join, store.
    #[default]
    Normal,
    /// Run every body; read and store nothing.
    Bypass,
    /// Run every body and store its result.
    Refresh,
    /// Inside a transaction: serve what nothing held would end, run all else and store nothing.
    Held,
    /// Run no async body: say which entry is called.
    Probe,
}

/// What travels with a task.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ambient {
    pub(crate) larder: Option<Larder>,
    pub(crate) frame: Option<Arc<Frame>>,
    pub(crate) mode: Mode,
    pub(crate) lease: Option<Lease>,
    pub(crate) probe: Option<Arc<Probe>>,
    /// What the transaction holds that this is part of.
    pub(crate) transaction: Option<Arc<Held>>,
    /// Where the receipts go of what is ended here.
    pub(crate) receipts: Option<Arc<Gathered>>,
}

thread_local! {
    static AMBIENT: RefCell<Option<Arc<Ambient>>> = const { RefCell::new(None) };
}

impl Ambient {
    /// What is in force on this thread now; `None` outside every scope.
    #[inline]
    pub(crate) fn current() -> Option<Arc<Self>> {
        AMBIENT.try_with(|ambient| ambient.borrow().clone()).ok().flatten()
    }

    /// A copy to change.
    pub(crate) fn inherit() -> Self {
        Self::current().map(|ambient| (*ambient).clone()).unwrap_or_default()
    }

    /// This, where whoever polls asks for an entry: a scope that was made before is asked, too.
    fn asked(&self) -> Option<Arc<Self>> {
        let probe = Self::around(|around| around.probe.clone().filter(|_| around.mode == Mode::Probe))?;
        Some(Arc::new(Self { mode: Mode::Probe, frame: None, probe: Some(probe), ..self.clone() }))
    }

    /// What was made where no instance was in force goes by the one in which it is first polled; so with receipts, and with a
    /// transaction, also where that in which it was made is over.
    fn settle(self: &mut Arc<Self>) {
        if self.larder.is_none()
            && let Some(larder) = Self::around(|around| around.larder.clone())
        {
            Arc::make_mut(self).larder = Some(larder);
        }
        if self.receipts.is_none()
            && let Some(receipts) = Self::around(|around| around.receipts.clone())
        {
            Arc::make_mut(self).receipts = Some(receipts);
        }
        if self.transaction.as_ref().is_none_or(|held| !held.is_open())
            && let Some(held) = Self::around(|around| around.transaction.clone().filter(|held| held.is_open()))
        {
            let ambient = Arc::make_mut(self);
            ambient.transaction = Some(held);
            if ambient.mode == Mode::Normal {
                ambient.mode = Mode::Held;
            }
        }
    }

    /// Something of what is in force on this thread now.
    fn around<R>(look: impl FnOnce(&Self) -> Option<R>) -> Option<R> {
        AMBIENT.try_with(|ambient| look(ambient.borrow().as_deref()?)).ok().flatten()
    }

    /// Runs a future with this in force.
    pub(crate) fn scope<F: Future>(self, future: F) -> Scoped<F> {
        Scoped { future, ambient: Arc::new(self) }
    }

    /// Runs a closure with this in force.
    pub(crate) fn run<R>(self, body: impl FnOnce() -> R) -> R {
        let mut ambient = Arc::new(self);
        ambient.settle();
        ambient.during(body)
    }

    /// Runs a closure, one of several, with this in force.
    pub(crate) fn during<R>(self: &Arc<Self>, body: impl FnOnce() -> R) -> R {
        let _restore = Entered::enter(Arc::clone(self));
        body()
    }
}

pin_project_lite::pin_project! {
    /// A future during whose polls an [`Ambient`] is in force.
    pub(crate) struct Scoped<F> {
        #[pin]
        future: F,
        ambient: Arc<Ambient>,
    }
}

impl<F: Future> Future for Scoped<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        this.ambient.settle();
        let _restore = Entered::enter(this.ambient.asked().unwrap_or_else(|| Arc::clone(this.ambient)));
        this.future.poll(cx)
    }
}

/// Puts the former ambient back, also when the body panics.
struct Entered {
    former: Option<Arc<Ambient>>,
}

impl Entered {
    fn enter(ambient: Arc<Ambient>) -> Self {
        let former = AMBIENT.try_with(|slot| slot.replace(Some(ambient))).ok().flatten();
        Self { former }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let former = self.former.take();
        let _ = AMBIENT.try_with(|slot| slot.replace(former));
    }
}
