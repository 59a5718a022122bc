//! What is searched: each kind of dependence, with each fault.

use crate::bounds::{Bounds, Dependence, Fault, Kept, Start};

/// One write, no fault, two processes that know everything.
pub const CALM: Bounds = Bounds {
    processes: 2,
    start: Start::Any,
    writes: 1,
    runs: 1,
    calls: u8::MAX,
    failures: 0,
    ticks: 0,
    faults: 0,
    kinds: &[],
    depth: usize::MAX,
    dependence: Dependence::Name,
    without: None,
};

/// The way of single entries that larder goes.
pub const ENTRY: Dependence = Dependence::Entry(Kept::Together);

/// All searches, by name: seconds to hours each.
#[must_use]
pub fn every_search() -> Vec<(String, Bounds)> {
    let mut searches = Vec::new();
    for (depends, dependence) in [("name", Dependence::Name), ("late", Dependence::Late), ("entry", ENTRY)] {
        let calm = Bounds { dependence, ..CALM };
        searches.push((format!("{depends}, calm"), calm));
        searches.push((format!("{depends}, two calls at a time"), Bounds { runs: 2, ..calm }));
        searches
            .push((format!("{depends}, one process, two writes"), Bounds { processes: 1, runs: 2, writes: 2, ..calm }));
        searches.push((format!("{depends}, cold"), Bounds { start: Start::Cold, ..calm }));
        searches.push((format!("{depends}, the lease"), Bounds { ticks: 2, ..calm }));
        let failing = Bounds { failures: 1, ..calm };
        searches.push((format!("{depends}, a failing body"), failing));
        // Two show what any safeguard prevents: one that is under way, and one that is given what it left.
        let lease = Bounds { calls: 2, ticks: 2, ..calm };
        searches.push((format!("{depends}, the lease, two calls"), lease));
        searches.push((format!("{depends}, a failing body, the lease, two calls"), Bounds { failures: 1, ..lease }));
        searches.push((
            format!("{depends}, Cut, two calls"),
            Bounds { calls: 2, faults: 1, kinds: one(Fault::Cut), ..calm },
        ));
        for kind in FAULTS {
            searches.push((format!("{depends}, {kind:?}"), Bounds { faults: 1, kinds: one(*kind), ..calm }));
        }
    }
    searches
}

/// Every kind of fault.
pub const FAULTS: &[Fault] = &[
    Fault::Cut,
    Fault::Crash,
    Fault::Impatience,
    Fault::Refusal,
    Fault::Restart,
    Fault::Flush,
    Fault::Evict,
    Fault::Trim,
];

/// A kind of fault alone.
#[must_use]
pub const fn one(kind: Fault) -> &'static [Fault] {
    match kind {
        Fault::Cut => &[Fault::Cut],
        Fault::Crash => &[Fault::Crash],
        Fault::Impatience => &[Fault::Impatience],
        Fault::Refusal => &[Fault::Refusal],
        Fault::Restart => &[Fault::Restart],
        Fault::Flush => &[Fault::Flush],
        Fault::Evict => &[Fault::Evict],
        Fault::Trim => &[Fault::Trim],
    }
}
