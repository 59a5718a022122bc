//! Timing: short rounds of every contender in turn, so that a busy machine slows all of them alike.

use std::time::Instant;

/// One way to answer a call.
pub struct Contender {
    /// What the table calls it.
    pub name: &'static str,
    /// Makes this many calls.
    pub run: Box<dyn FnMut(usize)>,
}

impl Contender {
    /// Names a way.
    pub fn new(name: &'static str, run: impl FnMut(usize) + 'static) -> Self {
        Self { name, run: Box::new(run) }
    }
}

/// Contenders that answer the same calls.
pub struct Group {
    /// What the table calls it.
    pub name: &'static str,
    /// The first is the limit that the others are held against.
    pub contenders: Vec<Contender>,
}

/// What was measured of one contender: nanoseconds per call, round by round.
#[derive(Clone, Debug)]
pub struct Timed {
    /// The contender's name.
    pub name: &'static str,
    /// Round `n` of every contender of a group ran at about the same time.
    pub rounds: Vec<f64>,
}

const CALLS: usize = 1_000;
const ROUNDS: usize = 2_001;
const WARM_UP: usize = 20_000;

/// Times a group's contenders against each other.
pub fn time(group: &mut Group) -> Vec<Timed> {
    for contender in &mut group.contenders {
        (contender.run)(WARM_UP);
    }
    let mut timed: Vec<Timed> = group
        .contenders
        .iter()
        .map(|contender| Timed { name: contender.name, rounds: Vec::with_capacity(ROUNDS) })
        .collect();
    for _ in 0..ROUNDS {
        for (contender, timed) in group.contenders.iter_mut().zip(&mut timed) {
            let begun = Instant::now();
            (contender.run)(CALLS);
            timed.rounds.push(begun.elapsed().as_nanos() as f64 / CALLS as f64);
        }
    }
    timed
}

impl Timed {
    /// The median round.
    pub fn median(&self) -> f64 {
        quantile(self.rounds.iter().copied(), 0.5)
    }

    /// The median of the ratios of rounds that ran at about the same time.
    pub fn ratio(&self, other: &Self) -> f64 {
        quantile(self.rounds.iter().zip(&other.rounds).map(|(own, other)| own / other), 0.5)
    }
}

/// The value below which this share of the values lies.
pub fn quantile(values: impl Iterator<Item = f64>, share: f64) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let at = ((values.len() - 1) as f64 * share).round() as usize;
    values[at]
}

/// Prints a ratio beside its goal.
pub fn verdict(what: &str, ratio: f64, goal: f64) {
    let word = if ratio <= goal { "met" } else { "MISSED" };
    println!("  {what:<58} {ratio:>6.2}  goal <= {goal:.2}  {word}");
}
