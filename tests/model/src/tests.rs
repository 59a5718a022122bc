//! Every promise within small bounds, and every safeguard taken away.

use crate::bounds::{Bounds, Dependence, Fault, Kept, Safeguard, Start};
use crate::model::search;
use crate::searches::{CALM, ENTRY};

fn breaks(bounds: Bounds) -> Vec<crate::Step> {
    let found = search(bounds);
    let (promise, steps) =
        found.broken.unwrap_or_else(|| panic!("{} states, and nothing found: {bounds:?}", found.states));
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
fn nor_with_any() {
    let found = search(entry(Kept::Unchanged));
    println!("{}", found.states);
    assert!(found.broken.is_none() && found.lively, "{found:?}");
}

#[test]
fn without() {
    let full = Bounds { start: Start::Full, ..CALM };
    let one = |kinds| Bounds { faults: 1, kinds, ..full };
    let late = Bounds { dependence: Dependence::Late, start: Start::Empty, ..CALM };
    use Safeguard::*;
    for (safeguard, bounds) in [
        (StampBeforeBody, Bounds { start: Start::Empty, ..CALM }),
        (FlightsUnchanged, Bounds { start: Start::Empty, ..CALM }),
        (ReadAgain, one(&[Fault::Cut])),
        (OwedFirst, one(&[Fault::Cut])),
        (OwedHides, Bounds { ticks: 1, ..one(&[Fault::Refusal]) }),
        (SubscribedFirst, one(&[Fault::Cut])),
        (Guard, late),
        (Lease, Bounds { ticks: 2, ..full }),
        (SameRun, one(&[Fault::Restart])),
        (UniqueEpochs, Bounds { start: Start::Empty, ..one(&[Fault::Evict]) }),
        (LateUnchanged, late),
        (LateAfterReading, late),
        (LateLinked, Bounds { faults: 1, kinds: &[Fault::Cut], ..late }),
        (EntryTakenOut, Bounds { dependence: ENTRY, start: Start::Full, ..CALM }),
        (AnyEntry, Bounds { dependence: ENTRY, ..one(&[Fault::Cut]) }),
        (OrderOfEnds, Bounds { writes: 2, ..full }),
    ] {
        let begun = std::time::Instant::now();
        let found = search(Bounds { without: Some(safeguard), depth: 21, ..bounds });
        match found.broken {
            Some((promise, steps)) => println!(
                "{safeguard:?}: {:?} {} states, {} steps, {promise}: {steps:?}",
                begun.elapsed(),
                found.states,
                steps.len()
            ),
            None => {
                println!("{safeguard:?}: {:?} {} states, depth {}, NOTHING", begun.elapsed(), found.states, found.depth)
            }
        }
    }
}
