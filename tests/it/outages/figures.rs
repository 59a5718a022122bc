//! What one outage cost, measured: shown, and kept for the table in the documentation.

use std::path::Path;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use crate::noise::Noise;

/// What takes longer than this is looked at closer.
const CLOSER: Duration = Duration::from_millis(300);

/// The figures of one fault.
#[derive(Clone, Debug, Default)]
pub(super) struct Figures {
    pub(super) reads: u64,
    /// Invalidations made, and those of them that Redis confirmed at once.
    pub(super) ends: u64,
    pub(super) applied: u64,
    pub(super) longest_call: Duration,
    pub(super) longest_end: Duration,
    /// For how long an instance went on serving what another had ended and Redis had confirmed.
    pub(super) longest_staleness: Duration,
    /// The longest call and the longest invalidation, less what the machine itself let this process wait meanwhile.
    pub(super) longest_net: Duration,
    /// From the end of the fault until values are shared and nothing is owed.
    pub(super) recovery: Duration,
}

/// The figures that tasks add to.
#[derive(Debug)]
pub(super) struct Measured {
    figures: Mutex<Figures>,
    noise: Noise,
}

impl Default for Measured {
    fn default() -> Self {
        Self { figures: Mutex::default(), noise: Noise::listen() }
    }
}

impl Measured {
    pub(super) fn read(&self, begun: Instant, staleness: Duration) {
        let mut figures = self.took(begun);
        figures.reads += 1;
        figures.longest_staleness = figures.longest_staleness.max(staleness);
    }

    pub(super) fn end(&self, begun: Instant, applied: bool) {
        let took = begun.elapsed();
        let mut figures = self.took(begun);
        figures.ends += 1;
        figures.applied += u64::from(applied);
        figures.longest_end = figures.longest_end.max(took);
    }

    /// Measures what has just ended.
    fn took(&self, begun: Instant) -> MutexGuard<'_, Figures> {
        let ended = Instant::now();
        let took = ended.duration_since(begun);
        // The others are looked at no closer: to look takes time.
        let net = if took > CLOSER { self.noise.net(begun, ended) } else { took };
        let mut figures = self.figures.lock().unwrap();
        figures.longest_call = figures.longest_call.max(took);
        figures.longest_net = figures.longest_net.max(net);
        figures
    }

    pub(super) fn so_far(&self) -> Figures {
        self.figures.lock().unwrap().clone()
    }
}

impl Figures {
    /// Shows them, and writes them down.
    pub(super) fn publish(&self, fault: &str) {
        let millis = |time: Duration| time.as_millis();
        let row = format!(
            "| {fault} | {} | {} / {} | {} | {} | {} | {} | {} |",
            self.reads,
            self.applied,
            self.ends,
            millis(self.longest_call),
            millis(self.longest_end),
            millis(self.longest_staleness),
            millis(self.recovery),
            millis(self.longest_net),
        );
        println!(
            "| fault | reads | ends applied at once / made | longest call ms | longest end ms | longest staleness ms | recovery ms | longest less the machine's own ms |"
        );
        println!("{row}");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("outages");
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join(fault.replace(|at: char| !at.is_ascii_alphanumeric(), "_")).with_extension("md");
        std::fs::write(file, row + "\n").unwrap();
    }
}
