//! Promises 1, 2, 3, 5 and 6 together: several processes, one Redis, faults; every read is judged.
//!
//! `cargo test --test checker` is the short run. A longer one, of many rounds with one seed each:
//! `LARDER_CHECK_MINUTES=60 cargo test --test checker long -- --ignored --nocapture`. `LARDER_SEED=n` repeats the faults
//! and the calls of a round (how the threads of the machine meet is not repeated).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs,
    reason = "a test fails by panicking, and prints its seed and its report"
)]

mod clock;
mod faults;
mod fleet;
mod functions;
mod judge;
mod node;
mod process;
#[path = "../it/proxy.rs"]
#[allow(dead_code, reason = "the other tests use the rest")]
mod proxy;
mod record;
mod report;
mod round;
#[path = "../it/server.rs"]
#[allow(dead_code, reason = "the other tests use the rest")]
mod server;
mod source;
mod strike;

use std::time::{Duration, Instant};

use larder::testkit::Protection;

use crate::faults::Kind;
use crate::report::Report;
use crate::round::Round;

/// That of `LARDER_SEED`, or a new one.
fn seed() -> u64 {
    std::env::var("LARDER_SEED").map_or_else(|_| fastrand::u64(..1 << 32), |seed| seed.parse().expect("a number"))
}

/// Runs rounds until the time is over; fails on the first violation.
fn run(name: &str, rounds: Duration, length: Duration) -> Report {
    let (begun, mut seed, mut report) = (Instant::now(), seed(), Report::default());
    loop {
        let outcome = Round { seed, length, kinds: &Kind::ALL, without: None }.run();
        report.add(&outcome.verdict, &outcome.faults);
        let path = format!("{}/checker-{name}.txt", env!("CARGO_TARGET_TMPDIR"));
        std::fs::write(&path, format!("{report}\n{}", outcome.story)).unwrap();
        assert!(outcome.story.is_empty(), "{report}\n{}", outcome.story);
        if begun.elapsed() + length > rounds {
            println!("{report}\nwritten to {path}");
            return report;
        }
        seed += 1;
    }
}

#[test]
fn no_read_of_a_million_breaks_a_promise_while_everything_fails() {
    const LENGTH: Duration = Duration::from_secs(120);
    let report = run("short", LENGTH, LENGTH);
    assert!(report.faults >= 30, "{} faults only", report.faults);
    assert!(report.reads >= 1_000_000, "{} reads only", report.reads);
    assert!(report.longest_call() < 5_000_000_000, "a call took {} ms", report.longest_call() / 1_000_000);
}

#[test]
#[ignore = "for as many minutes as `LARDER_CHECK_MINUTES` says"]
fn long() {
    let minutes: u64 = std::env::var("LARDER_CHECK_MINUTES").map_or(10, |minutes| minutes.parse().expect("a number"));
    run("long", Duration::from_secs(minutes * 60), Duration::from_secs(120));
}

/// The same checker finds what a protection prevents, once it is taken out.
fn is_caught(without: Protection, kinds: &[Kind]) {
    let (begun, first) = (Instant::now(), seed());
    for seed in first..first + 8 {
        let outcome = Round { seed, length: Duration::from_secs(8), kinds, without: Some(without) }.run();
        if !outcome.story.is_empty() {
            println!("without {without:?}, caught after {:?}:\n{}", begun.elapsed(), outcome.story);
            return;
        }
    }
    panic!("LARDER_SEED={first}: a protocol without {without:?} was not caught in {:?}", begun.elapsed());
}

#[test]
fn a_stamp_that_is_taken_after_the_body_is_caught() {
    is_caught(Protection::StampBeforeBody, &[]);
}

#[test]
fn flights_that_are_joined_by_key_alone_are_caught() {
    is_caught(Protection::FlightsByEpoch, &[]);
}

#[test]
fn a_link_that_does_not_read_the_epochs_again_is_caught() {
    is_caught(Protection::EpochsReadAgain, &[Kind::Cut, Kind::BlackHole]);
}

#[test]
fn a_memory_that_trusts_a_silent_link_is_caught() {
    is_caught(Protection::TrackingLease, &[Kind::BlackHole, Kind::Deaf]);
}
