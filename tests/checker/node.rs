//! One process of the fleet: the test binary itself, reading, writing and recording until its stdin is closed.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fastrand::Rng;
use larder::Larder;
use larder::testkit::{Protection, sabotage};
use tokio::runtime::Handle;

use crate::clock::now;
use crate::functions::{SOURCE, Way, write};
use crate::process::{READY, at_the_end};
use crate::record::{Log, Record, Tag};
use crate::source::{HOT, ITEMS, Source};

/// What a process is told by variables of its environment.
#[derive(Clone, Debug)]
pub(crate) struct Orders {
    pub(crate) url: String,
    pub(crate) folder: PathBuf,
    /// Its place in the fleet.
    pub(crate) place: u64,
    pub(crate) places: u64,
    /// How often a process in this place was started before.
    pub(crate) life: u64,
    pub(crate) seed: u64,
    pub(crate) without: Option<Protection>,
}

/// The variables that carry orders.
const VARIABLES: [&str; 7] = [
    "CHECKER_URL",
    "CHECKER_FOLDER",
    "CHECKER_PLACE",
    "CHECKER_PLACES",
    "CHECKER_LIFE",
    "CHECKER_SEED",
    "CHECKER_WITHOUT",
];

/// Those that can be taken out, by the names that they have in orders.
const PROTECTIONS: [Protection; 4] =
    [Protection::StampBeforeBody, Protection::FlightsByEpoch, Protection::EpochsReadAgain, Protection::TrackingLease];

impl Orders {
    pub(crate) fn to_variables(&self) -> [(&'static str, String); 7] {
        let without = self.without.map(|protection| format!("{protection:?}")).unwrap_or_default();
        let numbers = [self.place, self.places, self.life, self.seed].map(|number| number.to_string());
        let [place, places, life, seed] = numbers;
        let values = [self.url.clone(), self.folder.display().to_string(), place, places, life, seed, without];
        std::array::from_fn(|at| (VARIABLES[at], values[at].clone()))
    }

    fn from_environment() -> Option<Self> {
        let url = std::env::var(VARIABLES[0]).ok()?;
        let text = |at: usize| std::env::var(VARIABLES[at]).unwrap();
        let number = |at: usize| text(at).parse().unwrap();
        let without = PROTECTIONS.into_iter().find(|protection| format!("{protection:?}") == text(6));
        let folder = PathBuf::from(text(1));
        Some(Self { url, folder, place: number(2), places: number(3), life: number(4), seed: number(5), without })
    }

    /// Where the process writes its records.
    pub(crate) fn log(&self) -> PathBuf {
        self.folder.join(format!("{}-{}.log", self.place, self.life))
    }
}

/// Where the versions lie.
pub(crate) fn versions(folder: &Path) -> PathBuf {
    folder.join("versions")
}

/// What the tasks of a process share.
#[derive(Debug)]
struct Process {
    larder: Larder,
    log: Log,
    over: AtomicBool,
}

/// Reads between two pauses.
const BURST: usize = 48;
/// How long nothing must have been owed, so that nothing was on its way either: a delivery is given up sooner.
const CALM: u64 = 800_000_000;

impl Process {
    fn goes_on(&self) -> bool {
        !self.over.load(Ordering::Relaxed)
    }

    /// How often the link came up; `None` while it is down or doubtful.
    fn link(&self) -> Option<u64> {
        let redis = self.larder.stats().redis;
        (redis.connected && redis.breaker == larder::Breaker::Closed).then_some(redis.connects)
    }

    async fn read(&self, mut rng: Rng) {
        let mut seen = Vec::with_capacity(BURST * 2);
        while self.goes_on() {
            for _ in 0..BURST {
                let (way, item) = Way::choose(&mut rng);
                let link = if way.is_strict() { self.link() } else { None };
                let begin = now();
                let (version, next) = way.read(item).await;
                let end = now();
                let good = link.is_some() && link == self.link();
                seen.push(saw(Tag::Read, way, item, (begin, end), version, good));
                if let Some(next) = next {
                    seen.push(saw(Tag::Part, Way::PageNext, (item + 1) % ITEMS, (begin, end), next, false));
                }
            }
            self.log.append(&seen);
            seen.clear();
            tokio::time::sleep(Duration::from_micros(rng.u64(200..2_000))).await;
        }
    }

    fn read_blocking(&self, mut rng: Rng) {
        while self.goes_on() {
            let item = rng.u64(..ITEMS);
            let begin = now();
            let version = Way::read_blocking(item);
            self.log.append(&[saw(Tag::Read, Way::Blocking, item, (begin, now()), version, false)]);
            std::thread::sleep(Duration::from_micros(rng.u64(..2_000)));
        }
    }

    /// Reads one item after the other so often that the delay of an announcement can be told.
    fn probe(&self, mut rng: Rng, runtime: &Handle) {
        const READS: usize = 64;
        let mut seen = Vec::with_capacity(READS);
        while self.goes_on() {
            // One of each place.
            let item = rng.u64(..HOT / 2);
            for _ in 0..READS {
                let begin = now();
                let (version, _) = runtime.block_on(Way::InMemory.read(item));
                seen.push(saw(Tag::Read, Way::InMemory, item, (begin, now()), version, false));
                std::thread::sleep(Duration::from_micros(300));
            }
            self.log.append(&seen);
            seen.clear();
        }
    }

    /// Writes the items that this task alone writes.
    async fn write(&self, mine: Vec<u64>, mut rng: Rng) {
        let (hot, cold): (Vec<u64>, Vec<u64>) = mine.iter().partition(|item| **item < HOT);
        while self.goes_on() {
            let items = if rng.u8(..100) < 98 { &hot } else { &cold };
            let item = items[rng.usize(..items.len())];
            let version = SOURCE.get().unwrap().read(item) + 1;
            let begin = now();
            let (what, good) = write(&mut rng, item, version).await;
            let end = now();
            let item = u16::try_from(item).unwrap();
            self.log.append(&[Record { tag: Tag::Write, what, item, good, begin, end, version }]);
            tokio::time::sleep(Duration::from_millis(rng.u64(10..90))).await;
        }
    }

    /// Records since when nothing has been owed to Redis.
    async fn watch_deliveries(&self) {
        const STEP: u64 = 20_000_000;
        let (mut calm, mut link, mut last) = (now(), None, now());
        while self.goes_on() {
            let at = now();
            let redis = self.larder.stats().redis;
            let up = redis.connected.then_some(redis.connects);
            if redis.pending_invalidations > 0 || up.is_none() || up != link || at - last > STEP * 3 {
                calm = at;
            }
            (link, last) = (up, at);
            if at - calm >= CALM {
                let (begin, end) = (at - CALM, now());
                self.log.append(&[Record {
                    tag: Tag::Delivered,
                    what: 0,
                    item: 0,
                    good: true,
                    begin,
                    end,
                    version: 0,
                }]);
            }
            self.log.flush();
            tokio::time::sleep(Duration::from_nanos(STEP)).await;
        }
    }
}

fn saw(tag: Tag, way: Way, item: u64, (begin, end): (u64, u64), version: u64, good: bool) -> Record {
    Record { tag, what: way as u8, item: u16::try_from(item).unwrap(), good, begin, end, version }
}

async fn work(orders: &Orders, process: &Arc<Process>) {
    let mut streams = Rng::with_seed(orders.seed ^ (orders.place << 32) ^ (orders.life << 48));
    let mut tasks = Vec::new();
    for _ in 0..4 {
        let (process, rng) = (Arc::clone(process), streams.fork());
        tasks.push(tokio::spawn(async move { process.read(rng).await }));
    }
    const WRITERS: u64 = 2;
    for writer in 0..WRITERS {
        let mine = (0..ITEMS).filter(|item| item % orders.places == orders.place);
        let mine = mine.filter(|item| item / orders.places % WRITERS == writer).collect();
        let (process, rng) = (Arc::clone(process), streams.fork());
        tasks.push(tokio::spawn(async move { process.write(mine, rng).await }));
    }
    let blocking = (Arc::clone(process), streams.fork());
    tasks.push(tokio::task::spawn_blocking(move || blocking.0.read_blocking(blocking.1)));
    let probing = (Arc::clone(process), streams.fork(), Handle::current());
    tasks.push(tokio::task::spawn_blocking(move || probing.0.probe(probing.1, &probing.2)));
    let watching = Arc::clone(process);
    tasks.push(tokio::spawn(async move { watching.watch_deliveries().await }));
    for task in tasks {
        task.await.unwrap();
    }
}

#[test]
#[ignore = "one process of the fleet"]
fn the_node() {
    let Some(orders) = Orders::from_environment() else { return };
    if let Some(protection) = orders.without {
        sabotage(protection);
    }
    SOURCE.set(Source::open(&versions(&orders.folder))).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let builder = Larder::builder().ignore_environment().redis(&orders.url).namespace("checker");
        let larder = builder.build().await.unwrap();
        larder.install().unwrap();
        let process = Arc::new(Process { larder, log: Log::create(&orders.log()), over: AtomicBool::new(false) });
        let ending = Arc::clone(&process);
        at_the_end(move || ending.over.store(true, Ordering::Relaxed));
        println!("{READY}");
        work(&orders, &process).await;
        process.log.flush();
    });
    // The process's own threads are not waited for.
    std::process::exit(0);
}
