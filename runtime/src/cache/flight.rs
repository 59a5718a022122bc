//! Single flight: of concurrent callers of one key, one runs the body.
//!
//! Invariants:
//! 1. A flight is joined only if none of its names was changed since it began: a caller that arrives after an
//!    invalidation never gets what began before it. Where changes elsewhere may go unnoticed, only a young one is joined.
//! 2. A flight ends: its [`Pilot`] marks it landed or, when dropped by cancellation, error or panic, given up; either
//!    wakes all who wait.
//! 3. A waiter holds no lock while it waits, and does not wait for a flight that waits for it.

use std::collections::HashMap;

use tokio::sync::Notify;

use super::{Entry, Frame};
use crate::clock::Moment;
use crate::epoch::Cell;
use crate::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// The place of a flight in the graph of who waits for whom.
#[derive(Debug, Default)]
pub(crate) struct Node {
    waits_for: Mutex<Vec<Weak<Self>>>,
}

impl Node {
    fn waits_for(&self) -> MutexGuard<'_, Vec<Weak<Self>>> {
        self.waits_for.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether `self` waits, directly or through others, for any of `others`.
    fn reaches(self: &Arc<Self>, others: &[Arc<Self>]) -> bool {
        let mut seen: Vec<Arc<Self>> = vec![Arc::clone(self)];
        let mut next = 0;
        while let Some(node) = seen.get(next).cloned() {
            if others.iter().any(|other| Arc::ptr_eq(other, &node)) {
                return true;
            }
            for target in node.waits_for().iter().filter_map(Weak::upgrade) {
                if !seen.iter().any(|known| Arc::ptr_eq(known, &target)) {
                    seen.push(target);
                }
            }
            next += 1;
        }
        false
    }
}

/// Orders the joins made from inside cached bodies, so that two cannot close a cycle together.
static NESTED_JOINS: Mutex<()> = Mutex::new(());

/// One run of one body.
#[derive(Debug)]
pub(crate) struct Flight<V> {
    node: Arc<Node>,
    /// The table's counter before the epochs were read.
    began: u64,
    /// When that was.
    at: Moment,
    /// What the call depends on before it runs.
    cells: Vec<Arc<Cell>>,
    state: Mutex<State<V>>,
    ended: Notify,
}

#[derive(Debug)]
enum State<V> {
    Running,
    Landed(Arc<Entry<V>>),
    GivenUp,
}

impl<V> Flight<V> {
    fn state(&self) -> MutexGuard<'_, State<V>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn can_be_joined(&self, oldest: Moment) -> bool {
        self.at >= oldest
            && matches!(*self.state(), State::Running)
            && self.cells.iter().all(|cell| cell.changed() <= self.began)
    }

    /// Waits for the end.
    pub(crate) async fn end(&self) -> End<V> {
        loop {
            let ended = self.ended.notified();
            tokio::pin!(ended);
            ended.as_mut().enable();
            match &*self.state() {
                State::Running => {}
                State::GivenUp => return End::GivenUp,
                State::Landed(entry) => {
                    let untouched = entry.stamp.parts().iter().all(|(cell, _)| cell.changed() <= self.began);
                    // A stored value's stamp is older than its body; what could not be stored has no such stamp.
                    let good = untouched || (entry.stored && entry.stamp.is_current());
                    return if good { End::Landed(Arc::clone(entry)) } else { End::Overtaken };
                }
            }
            ended.await;
        }
    }
}

/// How a flight ended for one who waited.
#[derive(Debug)]
pub(crate) enum End<V> {
    /// With a result.
    Landed(Arc<Entry<V>>),
    /// With a result that depends on something ended since it began.
    Overtaken,
    /// Without one: its runner was cancelled, failed or panicked.
    GivenUp,
}

type ByKey<V> = HashMap<Box<[u8]>, Arc<Flight<V>>>;

/// The flights of one function.
#[derive(Debug)]
pub(crate) struct Flights<V> {
    by_key: Arc<Mutex<ByKey<V>>>,
}

impl<V> Default for Flights<V> {
    fn default() -> Self {
        Self { by_key: Arc::default() }
    }
}

/// What became of a call that asked to join.
#[derive(Debug)]
pub(crate) enum Joined<V> {
    /// Run the body.
    Lead(Pilot<V>),
    /// Wait for another's.
    Wait(Waiting<V>),
    /// Waiting would never end: run the body alone.
    Alone,
}

/// What a call would begin with, if it led.
#[derive(Debug)]
pub(crate) struct Departure<'a> {
    /// The table's counter now.
    pub(crate) began: u64,
    /// The time now.
    pub(crate) at: Moment,
    /// What the call depends on before it runs.
    pub(crate) cells: &'a [Arc<Cell>],
    /// Whether it must not join.
    pub(crate) fresh: bool,
}

impl<V> Flights<V> {
    /// Joins the flight of `key` if it began at `oldest` or later, or begins one.
    pub(crate) fn join(
        &self,
        key: &[u8],
        departure: Departure<'_>,
        oldest: Moment,
        frame: Option<&Arc<Frame>>,
    ) -> Joined<V> {
        let Departure { began, at, cells, fresh } = departure;
        let mut flights = lock(&self.by_key);
        if let Some(flight) = flights.get(key).filter(|flight| !fresh && flight.can_be_joined(oldest)) {
            let flight = Arc::clone(flight);
            drop(flights);
            return Waiting::join(flight, frame).map_or(Joined::Alone, Joined::Wait);
        }
        let flight = Arc::new(Flight {
            node: Arc::default(),
            began,
            at,
            cells: cells.to_vec(),
            state: Mutex::new(State::Running),
            ended: Notify::new(),
        });
        flights.insert(key.into(), Arc::clone(&flight));
        Joined::Lead(Pilot { flight, key: key.into(), by_key: Arc::clone(&self.by_key) })
    }
}

impl<V> Flights<V> {
    /// Begins the flight of `key`, unless there is one.
    pub(crate) fn lead_alone(&self, key: &[u8], departure: Departure<'_>) -> Option<Pilot<V>> {
        let flying = lock(&self.by_key).get(key).is_some_and(|flight| matches!(*flight.state(), State::Running));
        if flying {
            return None;
        }
        match self.join(key, departure, Moment::START, None) {
            Joined::Lead(pilot) => Some(pilot),
            Joined::Wait(_) | Joined::Alone => None,
        }
    }
}

/// A caller that waits for another's flight.
#[derive(Debug)]
pub(crate) struct Waiting<V> {
    pub(crate) flight: Arc<Flight<V>>,
    /// Those that wait with it: the body that called, and all that called that.
    above: Vec<Arc<Node>>,
}

impl<V> Waiting<V> {
    fn join(flight: Arc<Flight<V>>, frame: Option<&Arc<Frame>>) -> Option<Self> {
        let Some(frame) = frame else {
            return Some(Self { flight, above: Vec::new() });
        };
        let above = frame.nodes();
        let _ordered = NESTED_JOINS.lock().unwrap_or_else(PoisonError::into_inner);
        if flight.node.reaches(&above) {
            return None;
        }
        for node in &above {
            node.waits_for().push(Arc::downgrade(&flight.node));
        }
        Some(Self { flight, above })
    }
}

impl<V> Drop for Waiting<V> {
    fn drop(&mut self) {
        for node in &self.above {
            let mut targets = node.waits_for();
            if let Some(at) = targets.iter().position(|target| target.as_ptr() == Arc::as_ptr(&self.flight.node)) {
                targets.swap_remove(at);
            }
        }
    }
}

/// The caller that runs the body of a flight.
#[derive(Debug)]
pub(crate) struct Pilot<V> {
    flight: Arc<Flight<V>>,
    key: Box<[u8]>,
    by_key: Arc<Mutex<ByKey<V>>>,
}

impl<V> Pilot<V> {
    pub(crate) fn node(&self) -> &Arc<Node> {
        &self.flight.node
    }

    /// Hands the result to all who wait.
    pub(crate) fn land(self, entry: Arc<Entry<V>>) {
        *self.flight.state() = State::Landed(entry);
    }
}

impl<V> Drop for Pilot<V> {
    fn drop(&mut self) {
        {
            let mut state = self.flight.state();
            if matches!(*state, State::Running) {
                *state = State::GivenUp;
            }
        }
        {
            let mut flights = lock(&self.by_key);
            if flights.get(&self.key).is_some_and(|flight| Arc::ptr_eq(flight, &self.flight)) {
                flights.remove(&self.key);
            }
        }
        self.flight.ended.notify_waiters();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
