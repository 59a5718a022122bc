//! Searches within wider bounds than the tests do, each with the number of its states: minutes to hours.

use std::time::Instant;

use larder_model::{every_search, exhaust};

#[expect(clippy::print_stdout, reason = "a report is what this is run for")]
fn main() {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    for (name, bounds) in every_search().into_iter().filter(|(name, _)| name.contains(&wanted)) {
        let begun = Instant::now();
        let found = exhaust(bounds);
        println!("{name}: {} states, ways of up to {} steps, {:.0?}", found.states, found.depth, begun.elapsed());
        if let Some((promise, steps)) = found.broken {
            println!("  NOT {promise}:");
            steps.iter().for_each(|step| println!("    {step:?}"));
        }
        if !found.lively {
            println!("  the end of all that may happen was not reached");
        }
    }
}
