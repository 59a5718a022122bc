//! The fleet: one Redis, several processes, a network of its own before each.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

use larder::testkit::Protection;
use rustix::process::{Pid, Signal};

use crate::node::{Orders, READY, versions};
use crate::proxy::{Proxy, Way};
use crate::server::RedisServer;
use crate::source::Source;

/// How long anything that must happen soon may take on a busy machine.
const SOON: Duration = Duration::from_secs(20);

/// Waits until a condition holds.
async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let waited = tokio::time::timeout(SOON, async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    waited.await.unwrap_or_else(|_| panic!("the fault did not land, or its end did not: {what}"));
}

/// The process in one place.
#[derive(Debug)]
pub(crate) struct NodeProcess {
    child: Child,
    orders: Orders,
}

impl NodeProcess {
    fn start(orders: Orders) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "node::the_node", "--nocapture", "--include-ignored", "--test-threads=1"]);
        command.envs(orders.to_variables());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (sender, ready) = channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                // The harness writes the name of the test before the first line.
                if line.ends_with(READY) {
                    let _ = sender.send(());
                }
            }
        });
        ready.recv_timeout(SOON).expect("a process that begins");
        Self { child, orders }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let id = Pid::from_raw(i32::try_from(self.id()).unwrap()).unwrap();
        rustix::process::kill_process(id, signal).unwrap();
    }

    pub(crate) fn kill(&mut self) -> String {
        self.child.kill().unwrap();
        let status = self.child.wait().unwrap();
        assert_eq!(status.signal(), Some(9), "it had ended by itself");
        format!("process {} ended by signal 9", self.id())
    }

    /// Lets the process finish what it does, and fails if it fails.
    fn end(&mut self) {
        drop(self.child.stdin.take());
        let status = self.child.wait().unwrap();
        assert!(status.success(), "place {}, life {}: {status}", self.orders.place, self.orders.life);
    }
}

impl Drop for NodeProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// All that takes part in a round.
#[derive(Debug)]
pub(crate) struct Fleet {
    pub(crate) server: RedisServer,
    pub(crate) proxies: Vec<Proxy>,
    pub(crate) nodes: Vec<NodeProcess>,
    folder: PathBuf,
}

impl Fleet {
    pub(crate) fn start(folder: &Path, places: usize, seed: u64, without: Option<Protection>) -> Self {
        Source::create(&versions(folder));
        let server = RedisServer::start();
        let proxies: Vec<Proxy> = (0..places).map(|_| Proxy::before(server.port())).collect();
        let nodes = proxies.iter().enumerate().map(|(place, proxy)| {
            let (place, places) = (place as u64, places as u64);
            let (url, folder) = (proxy.url(), folder.to_owned());
            NodeProcess::start(Orders { url, folder, place, places, life: 0, seed, without })
        });
        let nodes = nodes.collect();
        Self { server, proxies, nodes, folder: folder.to_owned() }
    }

    /// Ends every process in order; returns where each one in each place wrote.
    pub(crate) fn end(mut self) -> Vec<(usize, PathBuf)> {
        self.nodes.iter_mut().for_each(NodeProcess::end);
        let last: Vec<Orders> = self.nodes.iter().map(|node| node.orders.clone()).collect();
        let logs = last
            .into_iter()
            .enumerate()
            .flat_map(|(place, last)| (0..=last.life).map(move |life| (place, Orders { life, ..last.clone() }.log())));
        logs.inspect(|(_, path)| assert!(path.starts_with(&self.folder))).collect()
    }

    /// Starts another process in a place where one was killed.
    pub(crate) fn replace(&mut self, place: usize) {
        let orders = &self.nodes[place].orders;
        let orders = Orders { life: orders.life + 1, ..orders.clone() };
        self.nodes[place] = NodeProcess::start(orders);
    }

    /// Waits until a process is seen stopped.
    pub(crate) async fn stopped(&self, id: u32) -> String {
        until("a process in state T", || {
            let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
            stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T'))
        })
        .await;
        format!("process {id} in state T")
    }

    /// Waits until the process in a place is connected; returns how many directions are open.
    pub(crate) async fn connected(&self, place: usize) -> usize {
        until("a process that is connected", || self.proxies[place].open() >= 2).await;
        self.proxies[place].open()
    }

    pub(crate) async fn cut(&self, place: usize, before: usize) -> String {
        self.proxies[place].cut();
        until("no connection", || self.proxies[place].open() == 0).await;
        format!("{before} open directions, then 0")
    }

    /// Holds back what goes these ways between processes and Redis, and lets it through again.
    pub(crate) async fn hold(&self, places: &[usize], ways: &[Way], lasts: Duration) -> String {
        let proxies: Vec<&Proxy> = places.iter().map(|place| &self.proxies[*place]).collect();
        proxies.iter().for_each(|proxy| ways.iter().for_each(|way| proxy.hold(*way)));
        until("bytes held back", || proxies.iter().all(|proxy| proxy.waiting() > 0)).await;
        tokio::time::sleep(lasts).await;
        let held: usize = proxies.iter().map(|proxy| proxy.waiting()).sum();
        proxies.iter().for_each(|proxy| proxy.resume());
        format!("bytes held back in {held} places")
    }

    async fn run_id(&self) -> String {
        let info: String = self.server.run("INFO server").await;
        info.lines().find_map(|line| line.strip_prefix("run_id:")).unwrap().trim().to_owned()
    }

    /// Saves what Redis holds, and lets some writes come after it.
    pub(crate) async fn save(&self) {
        until_async("keys to save", async || self.server.run::<u64>("DBSIZE").await > 10).await;
        self.server.run::<()>("SAVE").await;
        tokio::time::sleep(Duration::from_millis(250)).await;
    }

    /// Kills Redis, and starts it again, empty or as it was saved.
    pub(crate) async fn lose_server(&mut self, lasts: Duration, saved: bool) -> String {
        let before = self.run_id().await;
        self.server.kill();
        tokio::time::sleep(lasts).await;
        if saved {
            self.server.restart();
        } else {
            self.server.restart_empty();
        }
        let after = self.run_id().await;
        assert_ne!(before, after, "the same server");
        let info: String = self.server.run("INFO persistence").await;
        let loaded = info.lines().find_map(|line| line.strip_prefix("rdb_last_load_keys_loaded:")).unwrap().trim();
        assert_eq!(loaded != "0", saved, "{loaded} keys loaded");
        format!("run {} then {}, {loaded} keys loaded", &before[..8], &after[..8])
    }

    pub(crate) async fn flush(&self) -> String {
        until_async("keys to lose", async || self.server.run::<u64>("DBSIZE").await > 0).await;
        let mut raw = self.server.raw().await;
        let (before, after): (u64, u64) = redis::pipe()
            .atomic()
            .cmd("DBSIZE")
            .cmd("FLUSHALL")
            .ignore()
            .cmd("DBSIZE")
            .query_async(&mut raw)
            .await
            .unwrap();
        assert_eq!((before > 0, after), (true, 0));
        format!("{before} keys, then 0")
    }

    /// Pauses commands; how long a write waits is the proof.
    pub(crate) async fn pause(&self, lasts: Duration, which: &str) -> String {
        let (mut raw, mut probe) = (self.server.raw().await, self.server.raw().await);
        let millis = u64::try_from(lasts.as_millis()).unwrap().max(100);
        let pause = redis::cmd("CLIENT").arg("PAUSE").arg(millis).arg(which).to_owned();
        pause.query_async::<()>(&mut raw).await.unwrap();
        let begun = std::time::Instant::now();
        let write = redis::cmd("SET").arg("checker-probe").arg(1).to_owned();
        tokio::time::timeout(SOON, write.query_async::<()>(&mut probe)).await.unwrap().unwrap();
        let waited = begun.elapsed();
        assert!(waited + Duration::from_millis(20) >= Duration::from_millis(millis), "a write waited {waited:?} only");
        format!("a write waited {} ms", waited.as_millis())
    }

    /// Waits until Redis refuses writes with this word.
    pub(crate) async fn refused(&self, code: &str) -> String {
        let mut raw = self.server.raw().await;
        until_async("a refusal", async || {
            let refusal = redis::cmd("SET").arg("checker-probe").arg(1).query_async::<()>(&mut raw).await.err();
            refusal.and_then(|error| error.code().map(str::to_owned)).is_some_and(|found| found == code)
        })
        .await;
        format!("a write was refused: {code}")
    }

    /// Takes away a third of the keys that hold epochs and values.
    pub(crate) async fn evict(&self) -> String {
        until_async("keys to evict", async || self.server.run::<u64>("DBSIZE").await > 3).await;
        let mut raw = self.server.raw().await;
        let mut evicted = 0;
        for key in self.server.keys().await.into_iter().filter(|_| fastrand::u8(..3) == 0) {
            evicted += redis::cmd("DEL").arg(key).query_async::<u64>(&mut raw).await.unwrap();
        }
        assert!(evicted > 0);
        format!("{evicted} keys gone")
    }
}

async fn until_async(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let waited = tokio::time::timeout(SOON, async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    waited.await.unwrap_or_else(|_| panic!("the fault did not land: {what}"));
}
