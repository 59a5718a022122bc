//! How long this process waited for a processor: what a busy machine adds to every time that is measured.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Listens for as long as it lives.
#[derive(Debug)]
pub(crate) struct Noise {
    heard: Arc<Heard>,
    listener: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Heard {
    /// What all threads together had waited by then.
    waited: Mutex<Vec<(Instant, Duration)>>,
    done: AtomicBool,
}

impl Noise {
    pub(crate) fn listen() -> Self {
        let heard = Arc::new(Heard::default());
        let listening = Arc::clone(&heard);
        let listener = std::thread::spawn(move || {
            let (mut threads, mut all) = (HashMap::new(), Duration::ZERO);
            while !listening.done.load(Ordering::SeqCst) {
                all += newly_waited(&mut threads);
                listening.waited.lock().unwrap().push((Instant::now(), all));
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        Self { heard, listener: Some(listener) }
    }

    /// What the threads of this process waited in that time.
    pub(crate) fn between(&self, begun: Instant, ended: Instant) -> Duration {
        loop {
            let waited = self.heard.waited.lock().unwrap();
            // Nothing is known of the time until somebody has listened after it.
            if let Some((_, last)) = waited.get(waited.partition_point(|(at, _)| *at <= ended)) {
                let first = waited.partition_point(|(at, _)| *at <= begun).checked_sub(1);
                return *last - first.map_or(Duration::ZERO, |first| waited[first].1);
            }
            drop(waited);
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// How long something took since, without what the machine added.
    pub(crate) fn net(&self, begun: Instant, ended: Instant) -> Duration {
        ended.duration_since(begun).saturating_sub(self.between(begun, ended))
    }
}

impl Drop for Noise {
    fn drop(&mut self) {
        self.heard.done.store(true, Ordering::SeqCst);
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
    }
}

/// What each thread waited since it was last looked at.
fn newly_waited(known: &mut HashMap<std::ffi::OsString, u64>) -> Duration {
    let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let waited = threads.filter_map(|thread| {
        let times = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        let waited: u64 = times.split(' ').nth(1)?.parse().ok()?;
        Some(waited - known.insert(thread.file_name(), waited).unwrap_or(0).min(waited))
    });
    Duration::from_nanos(waited.sum())
}
