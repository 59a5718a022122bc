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
#[cfg(feature = "testkit")]
use crate::testkit::{Protection, is_out};

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
pub(crate) struct Flight {
    node: Arc<Node>,
    /// The table's counter before the epochs were read.
    began: u64,
    /// When that was.
    at: Moment,
    /// What the call depends on before it runs.
    cells: Vec<Arc<Cell>>,
    state: Mutex<State>,
    ended: Notify,
}

#[derive(Debug)]
enum State {
    Running,
    Landed(Arc<Entry>),
    GivenUp,
}

impl Flight {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn can_be_joined(&self, oldest: Moment, now: Moment) -> bool {
        #[cfg(feature = "testkit")]
        if is_out(Protection::FlightsByEpoch) {
            return matches!(*self.state(), State::Running);
        }
        // What was begun behind a fence that ran out may show what was there before the write.
        let over = |fenced: Moment| fenced > self.at && fenced <= now;
        self.at >= oldest
            && matches!(*self.state(), State::Running)
            && self.cells.iter().all(|cell| cell.changed() <= self.began && !over(cell.fenced_until()))
    }

    /// Waits for the end.
    pub(crate) async fn end(&self) -> End {
        loop {
            let ended = self.ended.notified();
            tokio::pin!(ended);
            ended.as_mut().enable();
            match &*self.state() {
                State::Running => {}
                State::GivenUp => return End::GivenUp,
                State::Landed(entry) => {
                    // A fence of a name that only the result gave was not seen by those who joined.
                    let seen = |cell: &Arc<Cell>| self.cells.iter().any(|known| Arc::ptr_eq(known, cell));
                    let behind = |cell: &Arc<Cell>| cell.fenced_until() > self.at && !seen(cell);
                    let parts = entry.stamp.parts();
                    let untouched = parts.iter().all(|(cell, _)| cell.changed() <= self.began && !behind(cell));
                    // A stored value's stamp is older than its body; what could not be stored has no such stamp.
                    let good = untouched || (entry.stored && entry.stamp.is_current());
                    #[cfg(feature = "testkit")]
                    let good = good || is_out(Protection::FlightsByEpoch);
                    return if good { End::Landed(Arc::clone(entry)) } else { End::Overtaken };
                }
            }
            ended.await;
        }
    }
}

/// How a flight ended for one who waited.
#[derive(Debug)]
pub(crate) enum End {
    /// With a result.
    Landed(Arc<Entry>),
    /// With a result that depends on something ended since it began.
    Overtaken,
    /// Without one: its runner was cancelled, failed or panicked.
    GivenUp,
}

type ByKey = HashMap<Box<[u8]>, Arc<Flight>>;

/// The flights of one function.
#[derive(Debug, Default)]
pub(crate) struct Flights {
    by_key: Arc<Mutex<ByKey>>,
}

/// What became of a call that asked to join.
#[derive(Debug)]
pub(crate) enum Joined {
    /// Run the body.
    Lead(Pilot),
    /// Wait for another's.
    Wait(Waiting),
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

impl Flights {
    /// Joins the flight of `key` if it began at `oldest` or later, or begins one.
    pub(crate) fn join(
        &self,
        key: &[u8],
        departure: Departure<'_>,
        oldest: Moment,
        frame: Option<&Arc<Frame>>,
    ) -> Joined {
        let Departure { began, at, cells, fresh } = departure;
        let mut flights = lock(&self.by_key);
        if let Some(flight) = flights.get(key).filter(|flight| !fresh && flight.can_be_joined(oldest, at)) {
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

impl Flights {
    /// Begins the flight of `key`, unless there is one.
    pub(crate) fn lead_alone(&self, key: &[u8], departure: Departure<'_>) -> Option<Pilot> {
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
pub(crate) struct Waiting {
    pub(crate) flight: Arc<Flight>,
    /// Those that wait with it: the body that called, and all that called that.
    above: Vec<Arc<Node>>,
}

impl Waiting {
    fn join(flight: Arc<Flight>, frame: Option<&Arc<Frame>>) -> Option<Self> {
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

impl Drop for Waiting {
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
pub(crate) struct Pilot {
    flight: Arc<Flight>,
    key: Box<[u8]>,
    by_key: Arc<Mutex<ByKey>>,
}

impl Pilot {
    pub(crate) fn node(&self) -> &Arc<Node> {
        &self.flight.node
    }

    /// Hands the result to all who wait.
    pub(crate) fn land(self, entry: Arc<Entry>) {
        *self.flight.state() = State::Landed(entry);
    }
}

impl Drop for Pilot {
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
