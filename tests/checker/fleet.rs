//! The fleet: one Redis, several processes, a network of its own before each.

use std::path::{Path, PathBuf};
use std::time::Duration;

use larder::testkit::Protection;
use rustix::process::Signal;

use crate::node::{Orders, versions};
use crate::process::{Process, until};
use crate::proxy::{Proxy, Way};
use crate::server::RedisServer;
use crate::source::Source;
use crate::strike;

/// The process in one place.
#[derive(Debug)]
pub(crate) struct NodeProcess {
    process: Process,
    orders: Orders,
}

impl NodeProcess {
    fn start(orders: Orders) -> Self {
        Self { process: Process::start("node::the_node", orders.to_variables()), orders }
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        self.process.signal(signal);
    }

    pub(crate) fn kill(&mut self) -> String {
        self.process.kill()
    }

    /// Lets the process finish what it does, and fails if it fails.
    fn end(&mut self) {
        self.process.end(&format!("place {}, life {}", self.orders.place, self.orders.life));
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

    /// Holds back what goes these ways between processes and Redis, and lets it through again.
    pub(crate) async fn hold(&self, places: &[usize], ways: &[Way], lasts: Duration) -> String {
        let proxies: Vec<&Proxy> = places.iter().map(|place| &self.proxies[*place]).collect();
        strike::hold_back(&proxies, ways).await;
        tokio::time::sleep(lasts).await;
        strike::let_through(&proxies)
    }

    /// Saves what Redis holds, and lets some writes come after it.
    pub(crate) async fn save(&self) {
        until("keys to save", async || self.server.run::<u64>("DBSIZE").await > 10).await;
        self.server.run::<()>("SAVE").await;
        tokio::time::sleep(Duration::from_millis(250)).await;
    }

    /// Kills Redis, and starts it again, empty or as it was saved.
    pub(crate) async fn lose_server(&mut self, lasts: Duration, saved: bool) -> String {
        let before = strike::run_id(&self.server).await;
        self.server.kill();
        tokio::time::sleep(lasts).await;
        if saved {
            self.server.restart();
        } else {
            self.server.restart_empty();
        }
        let after = strike::run_id(&self.server).await;
        assert_ne!(before, after, "the same server");
        let info: String = self.server.run("INFO persistence").await;
        let loaded = info.lines().find_map(|line| line.strip_prefix("rdb_last_load_keys_loaded:")).unwrap().trim();
        assert_eq!(loaded != "0", saved, "{loaded} keys loaded");
        format!("run {} then {}, {loaded} keys loaded", &before[..8], &after[..8])
    }

    /// Waits until Redis refuses writes with this word.
    pub(crate) async fn refused(&self, code: &str) -> String {
        let mut raw = self.server.raw().await;
        until("a refusal", async || {
            let refusal = redis::cmd("SET").arg("checker-probe").arg(1).query_async::<()>(&mut raw).await.err();
            refusal.and_then(|error| error.code().map(str::to_owned)).is_some_and(|found| found == code)
        })
        .await;
        format!("a write was refused: {code}")
    }

    /// Takes away a third of the keys that hold epochs and values.
    pub(crate) async fn evict(&self) -> String {
        until("keys to evict", async || self.server.run::<u64>("DBSIZE").await > 3).await;
        let mut raw = self.server.raw().await;
        let mut evicted = 0;
        for key in self.server.keys().await.into_iter().filter(|_| fastrand::u8(..3) == 0) {
            evicted += redis::cmd("DEL").arg(key).query_async::<u64>(&mut raw).await.unwrap();
        }
        assert!(evicted > 0);
        format!("{evicted} keys gone")
    }
}
