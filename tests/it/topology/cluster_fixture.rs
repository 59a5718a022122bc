//! Three masters and three replicas of one test's own.

use std::time::Duration;

use larder::{Builder, Larder};

use super::process::{Process, free_port};
use crate::support::eventually_async;

/// A running Cluster; it ends with this value.
#[derive(Debug)]
pub(crate) struct Cluster {
    /// Masters first, then the replica of each.
    pub(crate) nodes: Vec<Process>,
    ids: Vec<String>,
}

pub(crate) const MASTERS: usize = 3;
/// Six servers have to find each other on a busy machine.
const START: Duration = Duration::from_secs(40);

fn node() -> Process {
    Process::start(|port, _| {
        let fixed = ["--cluster-enabled", "yes", "--cluster-node-timeout", "1000", "--cluster-replica-validity-factor"];
        let more = ["0", "--cluster-allow-replica-migration", "no", "--repl-diskless-sync-delay", "0"];
        let mut arguments: Vec<String> = fixed.into_iter().chain(more).map(str::to_owned).collect();
        for (name, value) in [("--port", port), ("--cluster-port", free_port())] {
            arguments.extend([name.to_owned(), value.to_string()]);
        }
        arguments
    })
}

impl Cluster {
    pub(crate) async fn start() -> Self {
        let nodes: Vec<Process> = (0..2 * MASTERS).map(|_| node()).collect();
        let mut ids = Vec::new();
        for (index, node) in nodes.iter().enumerate() {
            ids.push(node.run::<String>("CLUSTER MYID").await);
            let _: String = node.run(&format!("CLUSTER SET-CONFIG-EPOCH {}", index + 1)).await;
        }
        for (master, slots) in ["0 5460", "5461 10922", "10923 16383"].iter().enumerate() {
            let _: String = nodes[master].run(&format!("CLUSTER ADDSLOTSRANGE {slots}")).await;
        }
        let cluster = Self { nodes, ids };
        for node in &cluster.nodes[1..] {
            cluster.meet(node).await;
        }
        for node in &cluster.nodes {
            eventually_async(START, "nodes that know each other", async || {
                let nodes: String = node.run("CLUSTER NODES").await;
                cluster.ids.iter().all(|id| nodes.contains(id)) && !nodes.contains("handshake")
            })
            .await;
        }
        for replica in MASTERS..2 * MASTERS {
            let master = &cluster.ids[replica - MASTERS];
            let _: String = cluster.nodes[replica].run(&format!("CLUSTER REPLICATE {master}")).await;
        }
        for node in &cluster.nodes {
            eventually_async(START, "a Cluster", async || {
                node.run::<String>("CLUSTER INFO").await.contains("state:ok")
            })
            .await;
        }
        for replica in &cluster.nodes[MASTERS..] {
            eventually_async(START, "replicas", async || {
                replica.run::<String>("INFO replication").await.contains("master_link_status:up")
            })
            .await;
        }
        cluster
    }

    async fn meet(&self, node: &Process) {
        let bus: (String, u16) = node.run("CONFIG GET cluster-port").await;
        let first = &self.nodes[0];
        let _: String = first.run(&format!("CLUSTER MEET 127.0.0.1 {} {}", node.port(), bus.1)).await;
    }

    /// Adds a master without slots; returns its place among the nodes.
    pub(crate) async fn add_master(&mut self) -> usize {
        let node = node();
        let id: String = node.run("CLUSTER MYID").await;
        self.meet(&node).await;
        self.nodes.push(node);
        self.ids.push(id.clone());
        for node in &self.nodes {
            eventually_async(START, "the new one", async || {
                let nodes: String = node.run("CLUSTER NODES").await;
                nodes.contains(&id) && !nodes.contains("handshake")
            })
            .await;
        }
        self.nodes.len() - 1
    }

    pub(crate) fn builder(&self) -> Builder {
        let addresses = self.nodes[..2].iter().map(Process::endpoint);
        Larder::builder().ignore_environment().namespace("it").redis_cluster(addresses)
    }

    /// The keys of all masters that contain a text, and where they are.
    pub(crate) async fn keys_with(&self, part: &str) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        for (index, node) in self.nodes.iter().enumerate() {
            let role: redis::Value = node.run("ROLE").await;
            if format!("{role:?}").contains("\"master\"") {
                let keys: Vec<String> = node.run("KEYS *").await;
                found.extend(keys.into_iter().filter(|key| key.contains(part)).map(|key| (index, key)));
            }
        }
        found
    }

    /// How many scripts the masters that were there first have run.
    pub(crate) async fn scripts(&self) -> u64 {
        let mut scripts = 0;
        for node in &self.nodes[..MASTERS] {
            let stats: String = node.run("INFO commandstats").await;
            let line = stats.lines().find_map(|line| line.strip_prefix("cmdstat_eval:calls="));
            scripts += line.and_then(|rest| rest.split(',').next()?.parse::<u64>().ok()).unwrap_or(0);
        }
        scripts
    }

    /// Begins to move the slot of a key, and moves the keys that lie in it.
    pub(crate) async fn begin_move(&self, from: usize, to: usize, key: &str) -> u16 {
        let slot: u16 = self.nodes[from].run(&format!("CLUSTER KEYSLOT {key}")).await;
        let _: String = self.nodes[to].run(&format!("CLUSTER SETSLOT {slot} IMPORTING {}", self.ids[from])).await;
        let _: String = self.nodes[from].run(&format!("CLUSTER SETSLOT {slot} MIGRATING {}", self.ids[to])).await;
        self.move_keys(from, to, slot).await;
        slot
    }

    /// Moves the keys that lie in a slot by now.
    pub(crate) async fn move_keys(&self, from: usize, to: usize, slot: u16) {
        let keys: Vec<String> = self.nodes[from].run(&format!("CLUSTER GETKEYSINSLOT {slot} 1000")).await;
        if !keys.is_empty() {
            let port = self.nodes[to].port();
            let migrate = format!("MIGRATE 127.0.0.1 {port}  0 5000 KEYS {}", keys.join(" "));
            let _: String = self.nodes[from].run(&migrate).await;
        }
    }

    /// Ends a move: from now on the slot belongs to the other.
    pub(crate) async fn end_move(&self, from: usize, to: usize, slot: u16) {
        self.move_keys(from, to, slot).await;
        for node in [to, from] {
            let _: String = self.nodes[node].run(&format!("CLUSTER SETSLOT {slot} NODE {}", self.ids[to])).await;
        }
    }
}
