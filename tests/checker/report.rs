//! What a run found, as a table.

use std::collections::BTreeMap;
use std::fmt;

use crate::faults::{Kind, Struck};
use crate::judge::{LEASE, Verdict};

/// What is counted of one kind of fault.
#[derive(Clone, Debug, Default)]
struct Row {
    struck: u64,
    longest_call: u64,
    proof: String,
}

/// The sum of all rounds.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) rounds: u64,
    pub(crate) reads: u64,
    pub(crate) writes: u64,
    pub(crate) violations: usize,
    pub(crate) faults: u64,
    rows: BTreeMap<Kind, Row>,
    /// Delays of announcements while nothing failed, in nanoseconds.
    pushes: Vec<u64>,
    longest_stale: u64,
    longest_stale_calm: u64,
    longest_call: u64,
    longest_call_calm: u64,
}

/// For so long after its end a fault may still be felt.
const ECHO: u64 = 1_500_000_000;

impl Report {
    pub(crate) fn add(&mut self, verdict: &Verdict, faults: &[Struck]) {
        let near = |from: u64, to: u64| faults.iter().filter(move |fault| fault.begin < to && from < fault.end + ECHO);
        self.rounds += 1;
        self.reads += verdict.reads;
        self.writes += verdict.writes;
        self.violations += verdict.violations.len();
        self.faults += faults.len() as u64;
        for fault in faults {
            let row = self.rows.entry(fault.kind).or_default();
            row.struck += 1;
            row.proof.clone_from(&fault.proof);
        }
        for (place, begin, end) in &verdict.slow {
            let took = end - begin;
            // A process that is stopped cannot return.
            let stopped = |fault: &&Struck| {
                matches!(fault.kind, Kind::NodeFrozen | Kind::NodeFrozenServerLost) && fault.place == *place
            };
            if near(*begin, *end).any(|fault| stopped(&fault)) {
                continue;
            }
            self.longest_call = self.longest_call.max(took);
            let mut calm = true;
            for fault in near(*begin, *end) {
                calm = false;
                let row = self.rows.entry(fault.kind).or_default();
                row.longest_call = row.longest_call.max(took);
            }
            if calm {
                self.longest_call_calm = self.longest_call_calm.max(took);
            }
        }
        for (at, stale) in &verdict.stale {
            self.longest_stale = self.longest_stale.max(*stale);
            if near(at - stale, *at).next().is_none() {
                self.longest_stale_calm = self.longest_stale_calm.max(*stale);
            }
        }
        let calm =
            verdict.pushes.iter().filter(|(at, delay)| near(at.saturating_sub(LEASE + delay), *at).next().is_none());
        self.pushes.extend(calm.map(|(_, delay)| delay));
        self.pushes.sort_unstable();
    }

    /// The longest that a call took, in nanoseconds.
    pub(crate) const fn longest_call(&self) -> u64 {
        self.longest_call
    }

    fn push(&self, share: usize) -> u64 {
        let at = (self.pushes.len() * share / 1_000).min(self.pushes.len().saturating_sub(1));
        self.pushes.get(at).copied().unwrap_or_default()
    }
}

#[expect(clippy::cast_precision_loss, reason = "shown with three digits")]
fn ms(nanos: u64) -> f64 {
    nanos as f64 / 1e6
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = |name: &str, value: String| writeln!(f, "{name:<48}{value:>14}");
        line("rounds", self.rounds.to_string())?;
        line("reads checked", self.reads.to_string())?;
        line("writes", self.writes.to_string())?;
        line("faults, each seen to be there", self.faults.to_string())?;
        line("violations", self.violations.to_string())?;
        line("announcements timed while nothing failed", self.pushes.len().to_string())?;
        for (name, share) in [("p50", 500), ("p99", 990), ("p99.9", 999)] {
            line(&format!("  seen elsewhere after, {name} (ms)"), format!("{:.3}", ms(self.push(share))))?;
        }
        line("longest staleness elsewhere (ms)", format!("{:.1}", ms(self.longest_stale)))?;
        line("  while nothing failed (ms)", format!("{:.1}", ms(self.longest_stale_calm)))?;
        line("longest call (ms)", format!("{:.1}", ms(self.longest_call)))?;
        line("  while nothing failed (ms)", format!("{:.1}", ms(self.longest_call_calm)))?;
        writeln!(f, "\n{:<24}{:>8}{:>20}  proof of the last one", "fault", "struck", "longest call (ms)")?;
        for (kind, row) in &self.rows {
            let name = format!("{kind:?}");
            writeln!(f, "{name:<24}{:>8}{:>20.1}  {}", row.struck, ms(row.longest_call), row.proof)?;
        }
        Ok(())
    }
}
