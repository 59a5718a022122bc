//! Counts the allocations of a hit: apart from the timing, since counting costs time for each of them.

use std::alloc::System;

use larder_benches::calls;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static COUNTING: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const WARM_UP: usize = 10_000;
const CALLS: usize = 10_000;

fn main() {
    for group in calls::until_ttl().into_iter().chain(calls::of_revision()) {
        for mut contender in group.contenders {
            (contender.run)(WARM_UP);
            let region = Region::new(COUNTING);
            (contender.run)(CALLS);
            let change = region.change();
            let per_call = (change.allocations + change.reallocations) as f64 / CALLS as f64;
            println!("{}\t{}\t{per_call:.2}", group.name, contender.name);
        }
    }
}
