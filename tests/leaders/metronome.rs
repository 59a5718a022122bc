//! When the machine itself stalled: a thread that was due did not run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::clock::now;

/// From when a thread was due to when it ran.
pub(crate) type Stall = (u64, u64);

const BEAT: Duration = Duration::from_millis(2);
/// Less is no stall.
const LEAST: u64 = 10_000_000;

/// A thread that wants to run all the time, for a moment.
#[derive(Debug)]
pub(crate) struct Metronome {
    over: Arc<AtomicBool>,
    thread: JoinHandle<Vec<Stall>>,
}

impl Metronome {
    pub(crate) fn start() -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let ending = Arc::clone(&over);
        let thread = std::thread::spawn(move || {
            let mut stalls = Vec::new();
            while !ending.load(Ordering::Relaxed) {
                let due = now() + u64::try_from(BEAT.as_nanos()).unwrap();
                std::thread::sleep(BEAT);
                let ran = now();
                if ran > due + LEAST {
                    stalls.push((due, ran));
                }
            }
            stalls
        });
        Self { over, thread }
    }

    /// Every stall, by time.
    pub(crate) fn stop(self) -> Vec<Stall> {
        self.over.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

/// For how long the machine stalled between two times.
pub(crate) fn stalled(stalls: &[Stall], from: u64, to: u64) -> u64 {
    stalls.iter().map(|(due, ran)| (*ran).min(to).saturating_sub((*due).max(from))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_between_counts() {
        let stalls = [(10, 20), (30, 50), (90, 95)];
        assert_eq!(stalled(&stalls, 15, 40), 5 + 10);
        assert_eq!(stalled(&stalls, 0, 100), 35);
        assert_eq!(stalled(&stalls, 50, 90), 0);
    }
}
