//! Which entry a call would be answered from, found out by asking the call itself; and its end.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Waker};

use crate::ambient::{Ambient, Mode};
use crate::epoch::Cell;
use crate::instance::Larder;

/// One entry of one function.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) larder: Larder,
    /// The name of the entry, and the one that stands for all entries of its function.
    pub(crate) cells: [Arc<Cell>; 2],
    /// The entity that the function shows.
    pub(crate) entity: &'static str,
}

impl Target {
    /// The cells to end.
    pub(crate) fn into_cells(self) -> [Arc<Cell>; 2] {
        if !self.entity.is_empty() {
            self.larder.ended(self.entity).invalidations.up();
            #[cfg(feature = "testkit")]
            if self.larder.is_testing() {
                crate::testkit::seen::ended(self.entity, [self.entity.to_owned()]);
            }
        }
        self.cells
    }
}

/// What came of asking a call.
#[derive(Clone, Debug, Default)]
pub(crate) enum Probed {
    /// It did not reach a cached function at once.
    #[default]
    Nothing,
    /// It would not be cached.
    Uncached,
    /// This is its entry.
    Entry(Target),
}

/// Where an asked call answers.
#[derive(Debug, Default)]
pub(crate) struct Probe(Mutex<Probed>);

impl Probe {
    /// The first answer stands.
    pub(crate) fn set(&self, probed: Probed) {
        let mut answer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(*answer, Probed::Nothing) {
            *answer = probed;
        }
    }

    fn take(&self) -> Probed {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Asks a call for its entry: it is polled once, up to the cached function, and dropped before any body runs.
pub(crate) fn probe(call: impl Future) -> Probed {
    let probe = Arc::<Probe>::default();
    let mut ambient = Ambient::inherit();
    (ambient.mode, ambient.frame, ambient.probe) = (Mode::Probe, None, Some(Arc::clone(&probe)));
    let _ = pin!(ambient.scope(call)).poll(&mut Context::from_waker(Waker::noop()));
    probe.take()
}
