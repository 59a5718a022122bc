//! Every promise within small bounds, and every safeguard taken away: no promise holds without one of them.

use crate::bounds::{Bounds, Dependence, Fault, Kept, Safeguard, Start};
use crate::model::search;
use crate::searches::{CALM, ENTRY, one};

const FULL: Bounds = Bounds { start: Start::Full, ..CALM };
const EMPTY: Bounds = Bounds { start: Start::Empty, ..CALM };
const LATE: Bounds = Bounds { dependence: Dependence::Late, ..EMPTY };

/// Where all ways are longer than this, only their first steps are followed: the main program follows them all.
const FAR: usize = 18;

/// So many calls show what any safeguard prevents.
const FEW: u8 = 2;

fn holds(bounds: Bounds) {
    let found = search(bounds);
    assert!(found.broken.is_none(), "{bounds:?} breaks a promise: {found:#?}");
    assert!(bounds.depth < usize::MAX || found.lively, "nothing came to an end in {bounds:?}: {found:#?}");
}

fn breaks(bounds: Bounds) {
    let found = search(bounds);
    assert!(found.broken.is_some(), "nothing found in {} states: {bounds:?}", found.states);
}

const fn with(kind: Fault, bounds: Bounds) -> Bounds {
    Bounds { faults: 1, kinds: one(kind), ..bounds }
}

#[test]
fn every_promise_holds_where_nothing_fails() {
    for dependence in [Dependence::Name, Dependence::Late, ENTRY] {
        holds(Bounds { dependence, ..CALM });
    }
}

#[test]
fn every_promise_holds_through_the_first_steps_of_every_fault() {
    for kind in crate::searches::FAULTS {
        holds(Bounds { depth: FAR, ..with(*kind, FULL) });
    }
    holds(Bounds { depth: 13, ticks: 2, ..FULL });
    holds(Bounds { depth: 11, dependence: ENTRY, ticks: 2, failures: 1, ..FULL });
    holds(Bounds { depth: FAR, start: Start::Cold, ..CALM });
    holds(Bounds { depth: FAR, runs: 2, ..FULL });
}

#[test]
fn no_safeguard_can_be_left_out() {
    use Safeguard::*;
    for (safeguard, bounds) in [
        (StampBeforeBody, EMPTY),
        (FlightsUnchanged, EMPTY),
        (ReadAgain, with(Fault::Cut, FULL)),
        (OwedFirst, with(Fault::Cut, FULL)),
        (OwedHides, Bounds { dependence: ENTRY, ..with(Fault::Refusal, FULL) }),
        (SubscribedFirst, with(Fault::Cut, FULL)),
        (Guard, LATE),
        (Lease, Bounds { ticks: 2, ..FULL }),
        (SameRun, with(Fault::Restart, FULL)),
        (UniqueEpochs, with(Fault::Evict, EMPTY)),
        (LateUnchanged, LATE),
        (LateAfterReading, LATE),
        (LateLinked, with(Fault::Cut, LATE)),
        (EntryTakenOut, Bounds { dependence: ENTRY, ..FULL }),
        (OrderOfEnds, Bounds { writes: 2, ..FULL }),
        (AnyEntryFirst, Bounds { dependence: ENTRY, ticks: 2, ..FULL }),
        (FormerForgotten, Bounds { dependence: ENTRY, ticks: 2, failures: 1, ..FULL }),
        (KeptOn, Bounds { dependence: ENTRY, failures: 1, ..FULL }),
    ] {
        breaks(Bounds { without: Some(safeguard), calls: FEW, ..bounds });
    }
}

#[test]
#[ignore = "a minute and more: `cargo test -p larder-model -- --ignored`"]
fn nor_can_the_epoch_of_any_entry_and_what_it_is_compared_with() {
    for safeguard in [Safeguard::AnyEntry, Safeguard::AsLost] {
        breaks(Bounds { dependence: ENTRY, without: Some(safeguard), calls: FEW, ..with(Fault::Cut, FULL) });
    }
}

/// An entry that was ended and one that never was look alike once the epoch is evicted: a value from before the end that
/// arrives late is served.
#[test]
fn an_end_in_a_key_of_its_own_is_forgotten_with_it() {
    breaks(Bounds { dependence: Dependence::Entry(Kept::Alone), start: Start::Empty, ..with(Fault::Evict, CALM) });
}

/// The eviction may come between the end and the late value.
#[test]
fn writing_only_while_that_key_is_as_it_was_does_not_help() {
    breaks(Bounds {
        dependence: Dependence::Entry(Kept::Conditional),
        start: Start::Empty,
        ..with(Fault::Evict, CALM)
    });
}

#[test]
#[ignore = "minutes: `cargo test -p larder-model -- --ignored`"]
fn the_two_ways_that_hold_do_so_through_every_eviction() {
    for kept in [Kept::Unchanged, Kept::Together] {
        for kind in [Fault::Evict, Fault::Trim] {
            holds(Bounds { dependence: Dependence::Entry(kept), start: Start::Empty, ..with(kind, CALM) });
        }
    }
}
