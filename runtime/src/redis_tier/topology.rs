//! Which servers make up Redis: one, the one that sentinels name, or the masters of a Cluster.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, PoisonError};

use redis::{AsyncConnectionConfig, Cmd, FromRedisValue as _, Value, cmd};

use super::address::Address;
use super::connect::{CONNECT, connect};
use super::exchange::Request;
use super::tls::Tls;
use crate::instance::{Place, Said, Secret};

/// Where to look for the servers, each time that a link is made.
#[derive(Debug)]
pub(crate) enum Topology {
    Server(Address),
    Sentinel {
        name: String,
        /// The one that answered last stands first.
        sentinels: Mutex<Vec<Address>>,
        /// How to log in at the server that they name.
        server: Address,
    },
    Cluster {
        /// Those that were configured, behind the masters that were found last.
        nodes: Mutex<Vec<Address>>,
        configured: Vec<Address>,
    },
}

/// A server that takes writes.
#[derive(Clone, Debug)]
pub(crate) struct Master {
    pub(crate) address: Address,
    /// What it is called in its Cluster.
    pub(crate) id: Option<Arc<str>>,
    /// The slots that it owns there.
    pub(crate) slots: Vec<RangeInclusive<u16>>,
}

const REDIS_PORT: u16 = 6379;
const SENTINEL_PORT: u16 = 26379;

impl Topology {
    /// Reads what was configured: `None` if nothing was. Adds what is wrong to `faults`.
    pub(crate) fn new(place: &Place, faults: &mut Vec<String>) -> Option<Self> {
        let Place { url, master, sentinels, cluster, .. } = place;
        let several = |said: &Said<Vec<Secret>>, port, faults: &mut Vec<String>| {
            let read = said.what.iter().map(|text| Address::parse_one_of(&text.0, port));
            let read: Result<Vec<Address>, String> = read.collect();
            let some = read.and_then(|read| {
                if read.is_empty() { Err("there is no address in it: give at least one".to_owned()) } else { Ok(read) }
            });
            some.map_err(|fault| faults.push(format!("{}: {fault}", said.from))).ok()
        };
        let before = faults.len();
        let url = url.as_ref().and_then(|said| {
            Address::parse(&said.what.0).map_err(|fault| faults.push(format!("{}: {fault}", said.from))).ok()
        });
        let topology = match (master, sentinels, cluster) {
            (None, None, None) => url.map(Self::Server),
            (None, None, Some(said)) => {
                if place.url.is_some() {
                    let from = said.from;
                    faults.push(format!("{from}: one server is configured, too: give the one or the other"));
                }
                let nodes = several(said, REDIS_PORT, faults)?;
                if nodes.iter().any(|node| node.database() != 0) {
                    faults.push(format!("{}: a Cluster has database 0 only: leave the number out", said.from));
                }
                Some(Self::Cluster { nodes: Mutex::new(nodes.clone()), configured: nodes })
            }
            (Some(name), Some(said), None) => {
                if name.what.is_empty() {
                    faults.push(format!("{}: give the name of the master, such as \"mymaster\"", name.from));
                }
                let sentinels = several(said, SENTINEL_PORT, faults)?;
                let server = url.or_else(|| sentinels.first().cloned())?;
                let sentinels = sentinels.into_iter().map(Address::of_a_sentinel).collect();
                Some(Self::Sentinel { name: name.what.clone(), sentinels: Mutex::new(sentinels), server })
            }
            (Some(said), None, None) => {
                faults.push(format!("{}: and the addresses of the sentinels? give LARDER_REDIS_SENTINELS", said.from));
                None
            }
            (None, Some(said), None) => {
                faults.push(format!("{}: and the name of the master? give LARDER_REDIS_MASTER", said.from));
                None
            }
            (_, _, Some(said)) => {
                faults.push(format!("{}: sentinels are configured, too: give the one or the other", said.from));
                None
            }
        };
        let topology = topology?.encrypted(place, faults)?;
        (faults.len() == before).then_some(topology)
    }

    /// The same, with all that encryption needs.
    fn encrypted(mut self, place: &Place, faults: &mut Vec<String>) -> Option<Self> {
        let Place { ca, certificate, key, .. } = place;
        let wanted = self.addresses().iter().any(|address| address.is_encrypted());
        if let Some(unused) = ca.as_ref().or(certificate.as_ref()).or(key.as_ref()).filter(|_| !wanted) {
            faults.push(format!("{}: no address begins with rediss://, so nothing would be encrypted", unused.from()));
            return None;
        }
        let identity = match (certificate, key) {
            (Some(certificate), Some(key)) => Some((certificate.clone(), key.clone())),
            (None, None) => None,
            (Some(alone), None) | (None, Some(alone)) => {
                faults.push(format!("{}: a certificate and its key are needed, this is one of them", alone.from()));
                return None;
            }
        };
        if wanted {
            let tls = Tls::new(ca.as_ref(), identity.as_ref()).map_err(|fault| faults.push(fault)).ok()?;
            for address in self.addresses() {
                *address = address.clone().with(Some(&tls));
            }
        }
        Some(self)
    }

    fn addresses(&mut self) -> Vec<&mut Address> {
        match self {
            Self::Server(address) => vec![address],
            Self::Sentinel { sentinels, server, .. } => {
                let sentinels = sentinels.get_mut().unwrap_or_else(PoisonError::into_inner);
                sentinels.iter_mut().chain([server]).collect()
            }
            Self::Cluster { nodes, configured } => {
                let nodes = nodes.get_mut().unwrap_or_else(PoisonError::into_inner);
                nodes.iter_mut().chain(configured).collect()
            }
        }
    }

    pub(crate) const fn is_cluster(&self) -> bool {
        matches!(self, Self::Cluster { .. })
    }

    /// The servers to connect to now.
    pub(crate) async fn masters(&self) -> Result<Vec<Master>, String> {
        match self {
            Self::Server(address) => Ok(vec![Master::only(address.clone())]),
            Self::Sentinel { name, sentinels, server } => {
                let asked = sentinels.lock().unwrap_or_else(PoisonError::into_inner).clone();
                let mut fault = String::new();
                for (index, sentinel) in asked.iter().enumerate() {
                    match ask_sentinel(sentinel, name).await {
                        Ok((host, port)) => {
                            sentinels.lock().unwrap_or_else(PoisonError::into_inner).rotate_left(index);
                            return Ok(vec![Master::only(server.at(host, port))]);
                        }
                        Err(reason) => fault = reason,
                    }
                }
                Err(format!("no sentinel named the master: {fault}"))
            }
            Self::Cluster { nodes, configured } => {
                let asked = nodes.lock().unwrap_or_else(PoisonError::into_inner).clone();
                let mut fault = String::new();
                for node in &asked {
                    match ask_node(node).await {
                        Ok(masters) => {
                            let found = masters.iter().map(|master| master.address.clone());
                            let found: Vec<Address> = found.chain(configured.iter().cloned()).collect();
                            *nodes.lock().unwrap_or_else(PoisonError::into_inner) = found;
                            return Ok(masters);
                        }
                        Err(reason) => fault = reason,
                    }
                }
                Err(format!("no node of the Cluster told its masters: {fault}"))
            }
        }
    }
}

impl Master {
    const fn only(address: Address) -> Self {
        Self { address, id: None, slots: Vec::new() }
    }
}

/// One question to a server that is no part of the link.
async fn ask(address: &Address, question: Cmd) -> Result<Value, String> {
    let connection = connect(address, AsyncConnectionConfig::new()).await?;
    let answer = Request::One(question).exchange(connection, CONNECT).await;
    match answer.map_err(|_| format!("{address} does not answer"))?.pop() {
        Some(Ok(value)) => Ok(value),
        Some(Err(code)) => Err(format!("{address} refused the question ({code})")),
        None => Err(format!("{address} does not answer")),
    }
}

async fn ask_sentinel(sentinel: &Address, name: &str) -> Result<(String, u16), String> {
    let mut question = cmd("SENTINEL");
    question.arg("get-master-addr-by-name").arg(name);
    match ask(sentinel, question).await? {
        Value::Nil => Err(format!("{sentinel} knows no master of this name: look at `sentinel monitor` there")),
        value => {
            let read = <(String, u16)>::from_redis_value(value);
            read.map_err(|_| format!("{sentinel} is no sentinel: give the addresses of the sentinels"))
        }
    }
}

/// The masters, as one node sees them.
async fn ask_node(node: &Address) -> Result<Vec<Master>, String> {
    let answer = ask(node, shards()).await.map_err(|fault| format!("{fault}: is it a node of a Cluster?"))?;
    read_shards(node, answer).ok_or_else(|| format!("{node} knows no masters: look at `CLUSTER SHARDS`"))
}

pub(super) fn shards() -> Cmd {
    cmd("CLUSTER").arg("SHARDS").to_owned()
}

type Map = HashMap<String, Value>;

/// Reads the answer to `CLUSTER SHARDS` to `node`. A master without slots is one of them, since it may be given some; one that
/// failed and has none is not: its place was taken.
pub(super) fn read_shards(node: &Address, answer: Value) -> Option<Vec<Master>> {
    let mut masters = Vec::new();
    for mut shard in <Vec<Map>>::from_redis_value(answer).ok()? {
        let bounds = <Vec<u16>>::from_redis_value(shard.remove("slots")?).ok()?;
        let slots: Vec<_> = bounds.chunks_exact(2).map(|pair| pair[0]..=pair[1]).collect();
        for mut member in <Vec<Map>>::from_redis_value(shard.remove("nodes")?).ok()? {
            let mut text = |name: &str| member.remove(name).and_then(|value| String::from_redis_value(value).ok());
            let failed = text("health").is_some_and(|health| health == "fail");
            if text("role")? != "master" || failed && slots.is_empty() {
                continue;
            }
            // A node that does not know its own name leaves it out.
            let host = text("endpoint").filter(|host| !host.is_empty() && host != "?");
            let host = host.or_else(|| node.endpoint().map(|(host, _)| host.to_owned()))?;
            let port = text(if node.is_encrypted() { "tls-port" } else { "port" })?.parse().ok()?;
            let id = Some(text("id")?.into());
            masters.push(Master { address: node.at(host, port), id, slots: slots.clone() });
        }
    }
    (!masters.is_empty()).then_some(masters)
}
