//! 1 000 callers in each of two processes ask for one cold key at once, over one Redis.

use std::env;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use larder::{Larder, ttl_cached};
use larder_benches::redis_server::RedisServer;
use larder_benches::rounds::quantile;

const SERVER: &str = "BENCH_SERVER";
const START: &str = "BENCH_START";
const CALLERS: usize = 1_000;
const PROCESSES: usize = 2;
const BODY: Duration = Duration::from_millis(20);

static RUNS: AtomicU64 = AtomicU64::new(0);

#[ttl_cached(entity = "reports", ttl = "1m")]
async fn report(id: u32) -> u32 {
    RUNS.fetch_add(1, Ordering::Relaxed);
    tokio::time::sleep(BODY).await;
    id
}

fn main() {
    match env::var(START) {
        Ok(start) => child(&start),
        Err(_) => parent(),
    }
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn parent() {
    let own = env::current_exe().expect("the path of this program");
    println!("\n{CALLERS} callers x {PROCESSES} processes, one cold key, a body of {BODY:?}");
    for round in 1..=3 {
        let server = RedisServer::start();
        let start = now() + Duration::from_millis(1_500);
        let children: Vec<_> = (0..PROCESSES)
            .map(|_| {
                let mut command = Command::new(&own);
                command.env(START, start.as_micros().to_string()).env(SERVER, server.url());
                command.stdout(Stdio::piped()).spawn().expect("a child process")
            })
            .collect();
        let reports = children.into_iter().map(|child| child.wait_with_output().expect("a child's report"));
        let reports: Vec<String> =
            reports.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).collect();
        let runs: u64 = reports.iter().filter_map(|report| report.split(' ').next()?.parse::<u64>().ok()).sum();
        println!("  round {round}: {runs} computations (goal <= {PROCESSES})");
        for report in reports {
            println!("    a process: {report}");
        }
    }
}

fn child(start: &str) {
    let url = env::var(SERVER).expect("the parent names the server");
    let start = Duration::from_micros(start.parse().expect("the parent names the time"));
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let larder = Larder::builder().ignore_environment().redis(url).build().await.expect("an instance");
        larder.install().expect("the first instance");
        // Another key: connections are made, epochs are known.
        report(0).await;
        tokio::time::sleep(start.saturating_sub(now())).await;
        let before = RUNS.load(Ordering::Relaxed);
        let calls: Vec<_> = (0..CALLERS)
            .map(|_| {
                tokio::spawn(async {
                    let begun = Instant::now();
                    report(1).await;
                    begun.elapsed().as_nanos() as f64 / 1_000_000.0
                })
            })
            .collect();
        let mut millis = Vec::with_capacity(CALLERS);
        for call in calls {
            millis.push(call.await.expect("no panic"));
        }
        let at = |share| quantile(millis.iter().copied(), share);
        let runs = RUNS.load(Ordering::Relaxed) - before;
        println!("{runs} runs, p50 {:.1} ms, p99 {:.1} ms, longest {:.1} ms", at(0.5), at(0.99), at(1.0));
    });
}
