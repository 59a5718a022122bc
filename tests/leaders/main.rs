//! Promise 10 under fire: five processes fight for two leases, faults strike, and every body's life is judged.
//!
//! `cargo test --test leaders` is the short run. A long one, of at least so many kills and stops:
//! `LARDER_LEADERS_KILLS=500 LARDER_LEADERS_STOPS=200 cargo test --test leaders long -- --ignored --nocapture`.
//! `LARDER_SEED=n` repeats the faults of a round (how processes meet is not repeated).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs,
    reason = "a test fails by panicking, and prints its seed and its report"
)]

#[path = "../checker/clock.rs"]
mod clock;
mod contender;
mod faults;
mod fleet;
mod judge;
mod leap;
mod metronome;
#[path = "../checker/process.rs"]
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
#[path = "../checker/strike.rs"]
mod strike;

use std::time::{Duration, Instant};

use larder::testkit::Protection;

use crate::faults::Kind;
use crate::judge::Broken;
use crate::report::Report;
use crate::round::{Outcome, Round};

/// That of `LARDER_SEED`, or a new one.
fn seed() -> u64 {
    std::env::var("LARDER_SEED").map_or_else(|_| fastrand::u64(..1 << 32), |seed| seed.parse().expect("a number"))
}

/// A ttl so short that a run sees many elections.
const SHORT: Duration = Duration::from_millis(300);

impl Round {
    /// All that the promise is to outlive, over a server that forgets nothing.
    fn of_everything() -> Self {
        Self { seed: seed(), ttl: SHORT, kinds: Kind::all(), renewed: false, leaps: false, without: None }
    }
}

/// Adds what came of a round; fails where something was broken.
fn passes(name: &str, report: &mut Report, outcome: &Outcome) {
    report.add(&outcome.verdict, &outcome.faults);
    let path = format!("{}/leaders-{name}.txt", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(&path, format!("{report}\n{}", outcome.story)).unwrap();
    println!("{report}\nwritten to {path}");
    assert!(outcome.story.is_empty(), "{}", outcome.story);
}

#[test]
fn no_two_lead_at_once_while_everything_fails() {
    const LENGTH: Duration = Duration::from_secs(50);
    let (begun, mut report) = (Instant::now(), Report::default());
    let outcome = Round::of_everything().run(|_| begun.elapsed() < LENGTH);
    passes("short", &mut report, &outcome);
    assert!(report.elections >= 200, "{} elections only", report.elections);
    for (kind, least) in [(Kind::Killed, 5), (Kind::Stopped, 2)] {
        assert!(report.leaders_struck(kind) >= least, "{kind:?} struck too few that led");
    }
}

#[test]
#[ignore = "of as many faults as `LARDER_LEADERS_KILLS` and `LARDER_LEADERS_STOPS` say"]
fn long() {
    let of = |name: &str, usual: u64| std::env::var(name).map_or(usual, |count| count.parse().expect("a number"));
    let (kills, stops) = (of("LARDER_LEADERS_KILLS", 500), of("LARDER_LEADERS_STOPS", 200));
    let (mut report, mut round) = (Report::default(), Round::of_everything());
    while report.struck(Kind::Killed) < kills || report.struck(Kind::Stopped) < stops {
        let begun = Instant::now();
        passes("long", &mut report, &round.run(|_| begun.elapsed() < Duration::from_secs(120)));
        round.seed += 1;
    }
}

#[test]
fn a_server_whose_clock_is_set_lets_nobody_lead_beside_another_and_nobody_wait() {
    let kinds = vec![Kind::ClockForward, Kind::ClockBack, Kind::ClockBackKilled, Kind::Stopped];
    let round = Round { kinds, leaps: true, ..Round::of_everything() };
    let mut report = Report::default();
    passes("leaps", &mut report, &round.run(|faults| faults.len() < 20));
    assert!(report.leaders_struck(Kind::ClockForward) > 0, "nobody led when the clock was set forward");
    assert!(report.leaders_struck(Kind::ClockBackKilled) > 0, "nobody who led was killed");
}

#[test]
fn where_redis_forgets_who_leads_the_former_notices_at_its_next_renewal_and_tokens_grow() {
    // A third of the ttl must be told from the whole.
    let (kinds, ttl) = (vec![Kind::Flushed], Duration::from_secs(2));
    let round = Round { kinds, ttl, renewed: true, ..Round::of_everything() };
    let mut report = Report::default();
    passes("forgotten", &mut report, &round.run(|faults| faults.len() < 8));
    assert!(report.overlaps(Kind::Flushed) > 0, "it forgot nobody who led");
}

/// The same check finds what a protection prevents, once it is taken out.
fn is_caught(without: Protection, expected: &[fn(&Broken) -> bool]) {
    let first = seed();
    for seed in first..first + 4 {
        let round = Round { seed, kinds: vec![Kind::Stopped], without: Some(without), ..Round::of_everything() };
        let outcome = round.run(|faults| faults.len() < 5);
        if expected.iter().all(|expected| outcome.verdict.violations.iter().any(expected)) {
            println!("without {without:?}:\n{}", outcome.story);
            return;
        }
    }
    panic!("LARDER_SEED={first}: a lease without {without:?} was not caught");
}

#[test]
fn a_lease_that_anybody_may_release_is_caught() {
    is_caught(Protection::OwnLease, &[|broken| matches!(broken, Broken::Overlap(..))]);
}

#[test]
fn a_lease_without_a_deadline_is_caught() {
    is_caught(
        Protection::LeaseDeadline,
        &[|broken| matches!(broken, Broken::Overlap(..)), |broken| matches!(broken, Broken::Deadline(..))],
    );
}
