//! Calls that meet in a flight while what they show is ended, given up, or waits for them.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use std::time::Duration;

use shuttle::future::block_on;
use shuttle::thread;

use crate::cache::{Departure, End, Entry, Flights, Frame, Joined};
use crate::clock::{Clock, Moment};
use crate::epoch::{Cell, Fencing, Stamp, Table};
use crate::sync::{Arc, Mutex};

/// A process: one name, a source, what memory holds. The source and what was ended are the test's: no step of the code.
struct Process {
    table: Table,
    cell: Arc<Cell>,
    flights: Flights,
    memory: Mutex<Option<Arc<Entry>>>,
    source: AtomicU64,
    ended: AtomicU64,
}

impl Process {
    fn new() -> Arc<Self> {
        let table = Table::with(false, Clock::system(), Duration::ZERO);
        Arc::new(Self {
            cell: table.named("tools"),
            table,
            flights: Flights::default(),
            memory: Mutex::new(None),
            source: AtomicU64::new(1),
            ended: AtomicU64::new(0),
        })
    }

    fn write_and_end(&self) {
        let version = self.source.fetch_add(1, SeqCst) + 1;
        self.table.end(&self.cell, Fencing::None);
        self.ended.fetch_max(version, SeqCst);
    }

    fn departure<'a>(&self, cells: &'a [Arc<Cell>]) -> Departure<'a> {
        Departure { began: self.table.counter(), at: Moment::START, cells, fresh: false }
    }

    /// The way of a call, without what threads do not share. `fails`: its body does, once it leads.
    fn call(&self, fails: bool) -> Option<u64> {
        let needed = self.ended.load(SeqCst);
        let version = self.answer(fails)?;
        assert!(version >= needed, "a call that began after version {needed} was ended is given {version}");
        Some(version)
    }

    fn answer(&self, fails: bool) -> Option<u64> {
        let kept = self.memory.lock().unwrap_or_else(|held| held.into_inner()).clone();
        if let Some(entry) = kept.filter(|entry| entry.stamp.is_current()) {
            return Some(number(&entry));
        }
        let cells = [Arc::clone(&self.cell)];
        loop {
            match self.flights.join(b"key", self.departure(&cells), Moment::START, None) {
                Joined::Alone => return Some(number(&self.compute())),
                Joined::Wait(waiting) => {
                    if let End::Landed(entry) = block_on(waiting.flight.end()) {
                        return Some(number(&entry));
                    }
                }
                Joined::Lead(pilot) => {
                    let entry = self.compute();
                    if fails {
                        return None;
                    }
                    *self.memory.lock().unwrap_or_else(|held| held.into_inner()) = Some(Arc::clone(&entry));
                    let value = number(&entry);
                    pilot.land(entry);
                    return Some(value);
                }
            }
        }
    }

    fn compute(&self) -> Arc<Entry> {
        let mut stamp = Stamp::default();
        stamp.add(&self.cell, self.cell.epoch());
        thread::yield_now();
        let value = self.source.load(SeqCst);
        thread::yield_now();
        let (born, deadline, renew_at) = (Moment::START, Moment::NEVER, Moment::NEVER);
        Arc::new(Entry {
            value: Box::new(value),
            stamp,
            born,
            deadline,
            served_until: deadline,
            renew_at,
            stored: true,
            made: 0,
        })
    }
}

/// What the entries of these tests hold.
fn number(entry: &Entry) -> u64 {
    entry.value.downcast_ref().copied().unwrap_or_default()
}

/// Callers come before, while and after what they are given is ended.
pub fn no_caller_is_given_what_was_ended_before_it_came() {
    let process = Process::new();
    let mut threads = Vec::new();
    for _ in 0..2 {
        let process = Arc::clone(&process);
        threads.push(thread::spawn(move || {
            process.call(false);
            process.call(false);
        }));
    }
    let writer = Arc::clone(&process);
    threads.push(thread::spawn(move || {
        writer.write_and_end();
        assert_eq!(writer.call(false), Some(2), "its own call comes after the end");
    }));
    threads.into_iter().for_each(|thread| assert!(thread.join().is_ok()));
}

/// The first leader fails: whoever waited runs the body, and nobody hangs.
pub fn whoever_waits_for_one_that_fails_runs_the_body() {
    let process = Process::new();
    let threads: Vec<_> = [true, false, false]
        .into_iter()
        .map(|fails| {
            let process = Arc::clone(&process);
            thread::spawn(move || process.call(fails))
        })
        .collect();
    for (thread, fails) in threads.into_iter().zip([true, false, false]) {
        let value = thread.join();
        assert!(matches!(value, Ok(value) if value == Some(1) || fails));
    }
}

/// Two bodies that each call the function of the other: one of them runs alone, and none waits for ever.
pub fn bodies_that_call_each_other_do_not_wait_for_ever() {
    let flights = Arc::new(Flights::default());
    let lead = |own: &'static [u8], other: &'static [u8]| {
        let flights = Arc::clone(&flights);
        thread::spawn(move || {
            let departure = || Departure { began: 0, at: Moment::START, cells: &[], fresh: false };
            let Joined::Lead(pilot) = flights.join(own, departure(), Moment::START, None) else { return };
            let frame = Frame::new(None, Arc::clone(pilot.node()));
            match flights.join(other, departure(), Moment::START, Some(&frame)) {
                Joined::Wait(waiting) => drop(block_on(waiting.flight.end())),
                Joined::Lead(inner) => drop(inner),
                Joined::Alone => {}
            }
            drop(pilot);
        })
    };
    let threads = [lead(b"one", b"other"), lead(b"other", b"one")];
    threads.into_iter().for_each(|thread| assert!(thread.join().is_ok()));
}
