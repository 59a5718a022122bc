//! What a hit in memory costs, beside the peers and beside the limit.

use std::collections::HashMap;
use std::process::Command;

use larder_benches::calls;
use larder_benches::rounds::{Group, Timed, time, verdict};

fn main() {
    let allocations = allocations();
    for group in calls::until_ttl() {
        let timed = show(group, &allocations);
        for (way, limit) in [("larder sync", 0), ("larder async", 0)] {
            verdict(&format!("{way} / limit"), find(&timed, way).ratio(&timed[limit]), 1.5);
        }
        for (own, peer) in [
            ("larder sync", "cached sync"),
            ("larder async", "cached async"),
            ("larder sync", "concurrent_cached sync"),
            ("larder async", "concurrent_cached async"),
        ] {
            verdict(&format!("{own} / {peer}"), find(&timed, own).ratio(find(&timed, peer)), 0.6);
        }
        verdict("larder async / larder sync", find(&timed, "larder async").ratio(find(&timed, "larder sync")), 1.2);
    }
    for group in calls::of_revision() {
        let timed = show(group, &allocations);
        for way in ["larder sync", "larder async"] {
            verdict(&format!("{way} / limit"), find(&timed, way).ratio(&timed[0]), 1.15);
        }
    }
}

fn find<'a>(timed: &'a [Timed], name: &str) -> &'a Timed {
    timed.iter().find(|timed| timed.name == name).expect("a contender of this name")
}

/// Times a group and prints its part of the table.
fn show(mut group: Group, allocations: &HashMap<(String, String), String>) -> Vec<Timed> {
    let timed = time(&mut group);
    println!("\n{:<48} {:>8} {:>8} {:>8}", group.name, "ns", "x limit", "allocs");
    for way in &timed {
        let allocations = allocations.get(&(group.name.to_owned(), way.name.to_owned())).map_or("?", String::as_str);
        println!("  {:<46} {:>8.1} {:>8.2} {allocations:>8}", way.name, way.median(), way.ratio(&timed[0]));
    }
    println!();
    timed
}

/// Allocations per call by group and contender, from the program that counts them.
fn allocations() -> HashMap<(String, String), String> {
    let output = Command::new(env!("CARGO_BIN_EXE_allocations")).output().expect("the counting program runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let rows = text.lines().filter_map(|line| {
        let mut columns = line.split('\t').map(str::to_owned);
        Some(((columns.next()?, columns.next()?), columns.next()?))
    });
    rows.collect()
}
