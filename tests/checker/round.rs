//! One round: a fleet at work while faults strike it, then judged.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use larder::testkit::Protection;

use crate::faults::{Kind, Struck, plan};
use crate::fleet::Fleet;
use crate::functions::Way;
use crate::judge::{Process, Verdict, judge};
use crate::record::read_log;

/// How many processes there are.
const PLACES: usize = 3;

/// What one round is to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Round<'a> {
    pub(crate) seed: u64,
    pub(crate) length: Duration,
    pub(crate) kinds: &'a [Kind],
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

impl Round<'_> {
    pub(crate) fn run(&self) -> Outcome {
        println!("LARDER_SEED={}: a round of {:?}", self.seed, self.length);
        fastrand::seed(self.seed);
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (logs, faults) = runtime.block_on(self.strike(folder.path()));
        let processes: Vec<Process> =
            logs.into_iter().map(|(place, path)| Process { place, records: read_log(&path) }).collect();
        let verdict = judge(&processes);
        let story = self.story(&processes, &verdict, &faults);
        if !verdict.violations.is_empty() && self.without.is_none() {
            println!("the records are kept in {}", folder.keep().display());
        }
        Outcome { verdict, faults, story }
    }

    async fn strike(&self, folder: &Path) -> (Vec<(usize, std::path::PathBuf)>, Vec<Struck>) {
        let mut fleet = Fleet::start(folder, PLACES, self.seed, self.without);
        let mut faults = Vec::new();
        let begun = tokio::time::Instant::now();
        for fault in plan(self.seed, self.kinds, PLACES, self.length) {
            if begun.elapsed() >= self.length {
                break;
            }
            faults.push(fault.strike(&mut fleet).await);
        }
        // All is well again for long enough that what is still owed is delivered, and seen.
        tokio::time::sleep_until((begun + self.length).max(tokio::time::Instant::now() + Duration::from_secs(3))).await;
        (fleet.end(), faults)
    }

    /// The first violations, each with what happened around it.
    fn story(&self, processes: &[Process], verdict: &Verdict, faults: &[Struck]) -> String {
        const TOLD: usize = 8;
        let mut story = String::new();
        let all = &verdict.violations;
        if all.is_empty() {
            return story;
        }
        let start = processes.iter().flat_map(|process| &process.records).map(|record| record.begin).min().unwrap_or(0);
        let at = |time: u64| time.saturating_sub(start) / 1_000;
        let _ = writeln!(story, "{} violations with LARDER_SEED={}; times in us", all.len(), self.seed);
        for violation in all.iter().take(TOLD) {
            let (read, place) = (&violation.read, processes[violation.process].place);
            let _ = writeln!(
                story,
                "{:?}: process {} in place {place} read item {} by {:?} from {} to {} and saw {}, ended {} us before",
                violation.broken,
                violation.process,
                read.item,
                Way::from_number(read.what),
                at(read.begin),
                at(read.end),
                read.version,
                violation.late / 1_000
            );
            let near = faults.iter().filter(|it| it.begin < read.end && read.begin < it.end + 2_500_000_000);
            for fault in near {
                let (begin, end) = (at(fault.begin), at(fault.end));
                let _ = writeln!(story, "    {:?} of place {} from {begin} to {end}", fault.kind, fault.place);
            }
        }
        story
    }
}
