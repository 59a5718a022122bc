//! What a run found, as a table.

use std::collections::BTreeMap;
use std::fmt;

use crate::faults::{Kind, Struck};
use crate::judge::Verdict;

/// What is counted of one kind of fault.
#[derive(Clone, Debug, Default)]
struct Row {
    struck: u64,
    /// How long nobody led, where it struck one that did.
    back: Vec<u64>,
    /// How long two led because Redis forgot the first.
    forgotten: Vec<u64>,
    proof: String,
}

/// The sum of all rounds.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) elections: u64,
    pub(crate) violations: usize,
    signs: u64,
    ended: u64,
    lost: u64,
    rows: BTreeMap<Kind, Row>,
}

impl Report {
    pub(crate) fn add(&mut self, verdict: &Verdict, faults: &[Struck]) {
        self.elections += verdict.elections;
        self.violations += verdict.violations.len();
        self.signs += verdict.signs;
        self.ended += verdict.ended;
        self.lost += verdict.lost;
        for fault in faults {
            let row = self.rows.entry(fault.kind).or_default();
            row.struck += 1;
            row.proof.clone_from(&fault.proof);
        }
        for (kind, back) in &verdict.back {
            self.rows.entry(*kind).or_default().back.push(*back);
        }
        for (kind, overlap) in &verdict.forgotten {
            self.rows.entry(*kind).or_default().forgotten.push(*overlap);
        }
        self.rows.values_mut().for_each(|row| row.back.sort_unstable());
    }

    /// How often a fault of this kind struck.
    pub(crate) fn struck(&self, kind: Kind) -> u64 {
        self.rows.get(&kind).map_or(0, |row| row.struck)
    }

    /// How often it struck one that led.
    pub(crate) fn leaders_struck(&self, kind: Kind) -> usize {
        self.rows.get(&kind).map_or(0, |row| row.back.len())
    }

    /// How often two led because it made Redis forget the first.
    pub(crate) fn overlaps(&self, kind: Kind) -> usize {
        self.rows.get(&kind).map_or(0, |row| row.forgotten.len())
    }
}

fn ms(nanos: Option<&u64>) -> String {
    nanos.map_or_else(|| "-".to_owned(), |nanos| (nanos / 1_000_000).to_string())
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in [
            ("elections", self.elections),
            ("signs of life judged", self.signs),
            ("bodies that ended by themselves", self.ended),
            ("bodies that were stopped", self.lost),
            ("faults, each seen to be there", self.rows.values().map(|row| row.struck).sum()),
            ("violations", self.violations as u64),
        ] {
            writeln!(f, "{name:<40}{value:>10}")?;
        }
        let heads = ["struck", "leases led", "back p50", "back max", "two at once"];
        write!(f, "\n{:<26}", "fault (times in ms)")?;
        heads.iter().try_for_each(|head| write!(f, "{head:>13}"))?;
        writeln!(f, "  proof of the last one")?;
        for (kind, row) in &self.rows {
            write!(f, "{:<26}{:>13}{:>13}", format!("{kind:?}"), row.struck, row.back.len())?;
            let median = row.back.get(row.back.len() / 2);
            for time in [median, row.back.last(), row.forgotten.iter().max()] {
                write!(f, "{:>13}", ms(time))?;
            }
            writeln!(f, "  {}", row.proof)?;
        }
        Ok(())
    }
}
