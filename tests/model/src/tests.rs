//! Every promise within small bounds, and every safeguard taken away.

use crate::bounds::{Bounds, Dependence, Fault, Kept, Safeguard};
use crate::model::search;
use crate::searches::{CALM, ENTRY};

fn breaks(bounds: Bounds) -> Vec<crate::Step> {
    let found = search(bounds);
    let (promise, steps) = found.broken.unwrap_or_else(|| panic!("{} states, and nothing found: {bounds:?}", found.states));
    println!("{:?} {:?}: {} states, {promise}: {steps:?}", bounds.without, bounds.dependence, found.states);
    steps
}

fn entry(kept: Kept) -> Bounds {
    Bounds { dependence: Dependence::Entry(kept), faults: 1, kinds: &[Fault::Evict, Fault::Trim], ..CALM }
}

#[test]
fn an_entry_with_a_key_of_its_own_is_revived_by_an_eviction() {
    breaks(entry(Kept::Alone));
}

#[test]
fn nor_does_it_help_to_write_values_only_while_that_key_is_as_it_was() {
    breaks(entry(Kept::Conditional));
}

#[test]
fn ends_of_one_function_in_one_key_hold() {
    let found = search(entry(Kept::Together));
    assert!(found.broken.is_none() && found.lively, "{found:?}");
    println!("{}", found.states);
}

#[test]
fn without() {
    let one = |kinds| Bounds { faults: 1, kinds, ..CALM };
    use Safeguard::*;
    for (safeguard, bounds) in [
        (StampBeforeBody, CALM),
        (FlightsUnchanged, CALM),
        (ReadAgain, one(&[Fault::Cut])),
        (OwedFirst, one(&[Fault::Cut])),
        (OwedHides, one(&[Fault::Cut])),
        (SubscribedFirst, one(&[Fault::Cut])),
        (Guard, one(&[Fault::Cut])),
        (Lease, Bounds { ticks: 2, ..CALM }),
        (SameRun, one(&[Fault::Restart])),
        (UniqueEpochs, one(&[Fault::Evict])),
        (LateUnchanged, Bounds { dependence: Dependence::Late, ..CALM }),
        (LateAfterReading, Bounds { dependence: Dependence::Late, ..CALM }),
        (LateLinked, Bounds { dependence: Dependence::Late, ..one(&[Fault::Cut]) }),
        (OrderOfEnds, Bounds { writes: 2, ..CALM }),
        (EntryTakenOut, Bounds { dependence: ENTRY, ..CALM }),
        (AnyEntry, Bounds { dependence: ENTRY, ..one(&[Fault::Cut]) }),
    ] {
        let found = search(Bounds { without: Some(safeguard), depth: 22, ..bounds });
        match found.broken {
            Some((promise, steps)) => println!("{safeguard:?}: {} states, {} steps, {promise}: {steps:?}", found.states, steps.len()),
            None => println!("{safeguard:?}: {} states, depth {}, NOTHING", found.states, found.depth),
        }
    }
}
