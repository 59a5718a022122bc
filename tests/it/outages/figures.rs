//! What one outage cost, measured: shown, and kept for the table in the documentation.

use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

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
    /// How late this machine woke up a task that slept.
    pub(super) noise: Duration,
    /// From the end of the fault until values are shared and nothing is owed.
    pub(super) recovery: Duration,
}

/// The figures that tasks add to.
#[derive(Debug, Default)]
pub(super) struct Measured(Mutex<Figures>);

impl Measured {
    pub(super) fn read(&self, took: Duration, staleness: Duration) {
        let mut figures = self.0.lock().unwrap();
        figures.reads += 1;
        figures.longest_call = figures.longest_call.max(took);
        figures.longest_staleness = figures.longest_staleness.max(staleness);
    }

    pub(super) fn end(&self, took: Duration, applied: bool) {
        let mut figures = self.0.lock().unwrap();
        figures.ends += 1;
        figures.applied += u64::from(applied);
        figures.longest_end = figures.longest_end.max(took);
    }

    /// Measures how late a sleeping task is woken up here: what a machine adds to every figure.
    pub(super) async fn listen_to_noise(&self) {
        const NAP: Duration = Duration::from_millis(5);
        loop {
            let begun = Instant::now();
            tokio::time::sleep(NAP).await;
            let late = begun.elapsed().saturating_sub(NAP);
            let mut figures = self.0.lock().unwrap();
            figures.noise = figures.noise.max(late);
        }
    }

    pub(super) fn so_far(&self) -> Figures {
        self.0.lock().unwrap().clone()
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
            millis(self.noise),
        );
        println!(
            "| fault | reads | ends applied at once / made | longest call ms | longest end ms | longest staleness ms | recovery ms | noise ms |"
        );
        println!("{row}");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("outages");
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join(fault.replace(|at: char| !at.is_ascii_alphanumeric(), "_")).with_extension("md");
        std::fs::write(file, row + "\n").unwrap();
    }
}
