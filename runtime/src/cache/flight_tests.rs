//! Flights, step by step: who leads, who joins, and what becomes of those who wait.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use pollster::block_on;

use super::{Departure, End, Entry, Flights, Frame, Joined, Node};
use crate::clock::Moment;
use crate::epoch::{Cell, Epoch, Fence, Fencing, Stamp, Table};

const fn at(nanos: u64) -> Moment {
    Moment::from_nanos(nanos)
}

struct Names {
    table: Table,
    cells: [Arc<Cell>; 1],
}

impl Names {
    fn new() -> Self {
        let table = Table::new(true);
        let cells = [table.cell("tools")];
        table.announce("tools", Epoch::confirmed(1), false);
        Self { table, cells }
    }

    fn departure(&self, nanos: u64) -> Departure<'_> {
        Departure { began: self.table.counter(), at: at(nanos), cells: &self.cells, fresh: false }
    }

    fn entry(&self, cells: &[&Arc<Cell>], stored: bool) -> Arc<Entry> {
        let mut stamp = Stamp::default();
        cells.iter().for_each(|cell| stamp.add(cell, cell.epoch()));
        let never = Moment::NEVER;
        let (value, born, deadline, served_until, renew_at) = (Box::new(()), at(0), never, never, never);
        Arc::new(Entry { value, stamp, born, deadline, served_until, renew_at, stored, made: 0 })
    }
}

fn leads(joined: Joined) -> super::flight::Pilot {
    match joined {
        Joined::Lead(pilot) => pilot,
        other => panic!("it does not lead: {other:?}"),
    }
}

fn waits(joined: Joined) -> super::flight::Waiting {
    match joined {
        Joined::Wait(waiting) => waiting,
        other => panic!("it does not wait: {other:?}"),
    }
}

#[test]
fn one_leads_the_others_get_what_it_lands_with_and_then_another_leads() {
    let (names, flights) = (Names::new(), Flights::default());
    let pilot = leads(flights.join(b"a", names.departure(5), at(0), None));
    let waiting = waits(flights.join(b"a", names.departure(6), at(0), None));
    let _other_key = leads(flights.join(b"b", names.departure(6), at(0), None));
    let entry = names.entry(&[&names.cells[0]], true);
    let end = thread::spawn(move || block_on(waiting.flight.end()));
    pilot.land(Arc::clone(&entry));
    assert!(matches!(end.join().expect("it wakes"), End::Landed(landed) if Arc::ptr_eq(&landed, &entry)));
    leads(flights.join(b"a", names.departure(7), at(0), None));
}

#[test]
fn a_flight_that_is_given_up_wakes_who_waits_and_another_leads() {
    let (names, flights) = (Names::new(), Flights::default());
    let pilot = leads(flights.join(b"a", names.departure(5), at(0), None));
    let waiting = waits(flights.join(b"a", names.departure(5), at(0), None));
    let end = thread::spawn(move || block_on(waiting.flight.end()));
    drop(pilot);
    assert!(matches!(end.join().expect("it wakes"), End::GivenUp));
    leads(flights.join(b"a", names.departure(5), at(0), None));
}

#[test]
fn who_must_not_join_leads_and_the_former_leader_takes_nothing_away() {
    let (names, flights) = (Names::new(), Flights::default());
    let join = |departure: Departure<'_>, oldest| flights.join(b"a", departure, at(oldest), None);
    let mut pilots = vec![leads(join(names.departure(10), 0))];
    drop(waits(join(names.departure(10), 10)));
    pilots.push(leads(join(names.departure(20), 11)));
    pilots.push(leads(join(Departure { fresh: true, ..names.departure(20) }, 0)));
    drop(waits(join(names.departure(20), 0)));
    names.table.announce("tools", Epoch::confirmed(2), false);
    pilots.push(leads(join(names.departure(30), 0)));
    let last = pilots.pop();
    pilots.clear();
    drop(waits(join(names.departure(30), 0)));
    drop(last);
    leads(join(names.departure(30), 0));
}

#[test]
fn what_began_behind_a_fence_is_not_joined_once_that_has_run_out() {
    let flown = |fenced: u64, now: u64| {
        let (names, flights) = (Names::new(), Flights::default());
        names.cells[0].fence(7, at(fenced), at(0));
        let _pilot = leads(flights.join(b"a", names.departure(10), at(0), None));
        matches!(flights.join(b"a", names.departure(now), at(0), None), Joined::Wait(_))
    };
    assert!(flown(10, 30), "it had run out before");
    assert!(flown(20, 19), "it stands");
    assert!(!flown(20, 20) && !flown(11, 30));
}

#[test]
fn what_landed_is_for_those_who_wait_if_nothing_of_it_was_ended_or_fenced_unseen() {
    enum What {
        Nothing,
        Known,
        Late,
        FenceOfKnown,
        FenceOfLate,
    }
    let landed = |what: What, stored: bool| {
        let (names, flights) = (Names::new(), Flights::default());
        let late = names.table.cell("late");
        let pilot = leads(flights.join(b"a", names.departure(10), at(0), None));
        let waiting = waits(flights.join(b"a", names.departure(10), at(0), None));
        let before = names.entry(&[&names.cells[0], &late], stored);
        let entry = match what {
            What::Nothing => before,
            // It was computed at the former epoch.
            What::Known => {
                names.table.announce("tools", Epoch::confirmed(2), false);
                before
            }
            // It was read behind the body: the stamp has the present one.
            What::Late => {
                names.table.announce("late", Epoch::confirmed(2), false);
                names.entry(&[&names.cells[0], &late], stored)
            }
            What::FenceOfKnown | What::FenceOfLate => {
                let cell = if matches!(what, What::FenceOfKnown) { &names.cells[0] } else { &late };
                cell.fence(7, at(20), at(0));
                before
            }
        };
        pilot.land(entry);
        matches!(block_on(waiting.flight.end()), End::Landed(_))
    };
    assert!(landed(What::Nothing, true) && landed(What::Nothing, false));
    assert!(!landed(What::Known, true) && !landed(What::Known, false));
    assert!(landed(What::Late, true), "it was found to be good to store");
    assert!(!landed(What::Late, false));
    assert!(landed(What::FenceOfKnown, false), "they saw it when they joined");
    assert!(!landed(What::FenceOfLate, false) && landed(What::FenceOfLate, true));
}

#[test]
fn nobody_waits_for_what_waits_for_it_however_far_around() {
    let (names, flights) = (Names::new(), Flights::default());
    let lead = |key: &[u8]| leads(flights.join(key, names.departure(1), at(0), None));
    let pilots = [lead(b"a"), lead(b"b"), lead(b"c")];
    let frames = pilots.each_ref().map(|pilot| Frame::new(None, Arc::clone(pilot.node())));
    let from = |frame: usize, key: &[u8]| flights.join(key, names.departure(2), at(0), frames.get(frame));
    assert!(matches!(from(0, b"a"), Joined::Alone), "its own");
    let a_for_b = waits(from(0, b"b"));
    let _b_for_c = waits(from(1, b"c"));
    assert!(matches!(from(2, b"a"), Joined::Alone));
    assert!(matches!(from(2, b"b"), Joined::Alone));
    // A body that a body of the circle calls is part of it.
    let inner = Frame::new(Some(Arc::clone(&frames[2])), Arc::<Node>::default());
    assert!(matches!(flights.join(b"a", names.departure(2), at(0), Some(&inner)), Joined::Alone));
    // Twice the same way, and one of them given up: the other still stands.
    let again = waits(from(0, b"b"));
    drop(a_for_b);
    assert!(matches!(from(2, b"a"), Joined::Alone));
    drop(again);
    drop(waits(from(2, b"a")));
}

#[test]
fn in_the_background_one_leads_and_nobody_waits() {
    let (names, flights) = (Names::new(), Flights::default());
    let pilot = flights.lead_alone(b"a", names.departure(1)).expect("it leads");
    assert!(flights.lead_alone(b"a", names.departure(2)).is_none());
    names.table.end(&names.cells[0], Fencing::Raise(Fence { token: 1, life: Duration::ZERO }));
    assert!(flights.lead_alone(b"a", names.departure(3)).is_none(), "an old one is under way all the same");
    drop(pilot);
    assert!(flights.lead_alone(b"a", names.departure(4)).is_some());
}
