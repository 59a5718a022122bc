//! One round: contenders fight while faults strike them, then they are judged.

use std::fmt::Write as _;
use std::time::Duration;

use larder::testkit::Protection;

use crate::contender::{JOBS, POLL};
use crate::faults::{Kind, Struck, plan};
use crate::fleet::{Fleet, PLACES, Terms};
use crate::judge::{Bounds, Verdict, judge};
use crate::leap::ServerClock;
use crate::metronome::{Metronome, stalled};

/// How late a busy machine may run what is due, beside the stalls that were seen.
const SLACK: Duration = Duration::from_millis(500);
/// How long the link to Redis may take to come back after Redis did: a connection that hangs, a pause, the next one.
const RELINK: Duration = Duration::from_secs(1);

/// What one round is to be.
#[derive(Clone, Debug)]
pub(crate) struct Round {
    pub(crate) seed: u64,
    pub(crate) ttl: Duration,
    pub(crate) kinds: Vec<Kind>,
    /// Whether every lease is renewed.
    pub(crate) renewed: bool,
    /// Whether the server's clock can be set.
    pub(crate) leaps: bool,
    pub(crate) without: Option<Protection>,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) verdict: Verdict,
    pub(crate) faults: Vec<Struck>,
    /// What was broken, in words; empty where nothing was.
    pub(crate) story: String,
}

impl Round {
    /// Strikes while `goes_on`, which is asked before each fault and told those before.
    pub(crate) fn run(&self, mut goes_on: impl FnMut(&[Struck]) -> bool) -> Outcome {
        println!("LARDER_SEED={}", self.seed);
        fastrand::seed(self.seed);
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let metronome = Metronome::start();
        let (lines, faults) = runtime.block_on(async {
            let terms = Terms { seed: self.seed, ttl: self.ttl, renewed: self.renewed, without: self.without };
            let mut fleet = Fleet::start(folder.path(), terms, self.leaps.then(ServerClock::build));
            let mut faults: Vec<Struck> = Vec::new();
            for fault in plan(self.seed, &self.kinds, PLACES, JOBS, self.ttl) {
                if !goes_on(&faults) {
                    break;
                }
                let struck = fault.strike(&mut fleet).await;
                fleet.recover(&struck).await;
                faults.push(struck);
            }
            (fleet.end(), faults)
        });
        let bounds = Bounds { ttl: self.ttl, poll: POLL, slack: SLACK, relink: RELINK };
        let stalls = metronome.stop();
        println!("the machine stalled for {} ms", stalled(&stalls, 0, u64::MAX) / 1_000_000);
        let verdict = judge(&lines, &faults, &stalls, bounds);
        let story = self.story(&verdict, &faults);
        if !story.is_empty() && self.without.is_none() {
            println!("the lines are kept in {}", folder.keep().display());
        }
        Outcome { verdict, faults, story }
    }

    /// The first violations, and what happened; times as in the lines.
    fn story(&self, verdict: &Verdict, faults: &[Struck]) -> String {
        const TOLD: usize = 8;
        let mut story = String::new();
        let all = &verdict.violations;
        if all.is_empty() {
            return story;
        }
        let _ = writeln!(story, "{} violations with LARDER_SEED={}", all.len(), self.seed);
        for broken in all.iter().take(TOLD) {
            let _ = writeln!(story, "{broken:?}");
        }
        for Struck { kind, place, begin, end, proof, .. } in faults {
            let _ = writeln!(story, "    {kind:?} of {place:?} from {begin} to {end}: {proof}");
        }
        story
    }
}
