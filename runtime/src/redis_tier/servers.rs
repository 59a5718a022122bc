//! The connections of one link, one to each server that takes writes, and how requests find theirs.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Arg, Cmd, Pipeline, Value, cmd};
use tokio::task::JoinSet;

use super::exchange::{Replies, Request, reply};
use super::retired::Retired;
use super::topology::Master;
use crate::remote::Refusal;

/// The connections of one link.
#[derive(Debug)]
pub(crate) struct Servers {
    servers: Vec<Server>,
    /// Of a Cluster: which server owns each slot.
    owners: Option<RwLock<Vec<usize>>>,
    /// What the nodes said about their Cluster when it was last looked at who owns what.
    seen: Mutex<String>,
    /// Set when a request was sent on to a server that this link does not know.
    retired: Retired,
}

#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) master: Master,
    pub(crate) connection: MultiplexedConnection,
}

const SLOTS: u16 = 16384;
/// Before a command is sent again that the server put off.
const PAUSE: Duration = Duration::from_millis(10);
/// The owner of a slot that nobody owns.
const NOBODY: usize = usize::MAX;

/// One command on its way.
#[derive(Clone, Copy, Debug)]
struct Step {
    /// Its place in the request.
    at: usize,
    server: usize,
    /// Whether its slot is on the way to that server.
    asking: bool,
}

impl Servers {
    pub(crate) fn new(servers: Vec<Server>, cluster: bool, retired: Retired) -> Self {
        let mut owners = vec![NOBODY; if cluster { usize::from(SLOTS) } else { 0 }];
        for (index, server) in servers.iter().enumerate() {
            for slot in server.master.slots.iter().cloned().flatten() {
                if let Some(owner) = owners.get_mut(usize::from(slot)) {
                    *owner = index;
                }
            }
        }
        Self { servers, owners: cluster.then(|| RwLock::new(owners)), seen: Mutex::default(), retired }
    }

    pub(crate) fn all(&self) -> &[Server] {
        &self.servers
    }

    /// The one connection, where there is one server.
    pub(crate) fn only(&self) -> Option<&MultiplexedConnection> {
        self.servers.first().filter(|_| self.owners.is_none()).map(|server| &server.connection)
    }

    /// Which server a key is on; the only one where there is no Cluster.
    pub(crate) fn owner_of(&self, key: &[u8]) -> Option<usize> {
        let Some(owners) = &self.owners else { return Some(0) };
        let owners = owners.read().unwrap_or_else(PoisonError::into_inner);
        owners.get(usize::from(slot(key))).copied().filter(|owner| *owner != NOBODY)
    }

    /// Whether the Cluster is another than when this was asked last.
    pub(crate) fn is_news(&self, said: String) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let news = *seen != said;
        *seen = said;
        news
    }

    /// Takes over who owns what. `false`: a master among them is not of this link.
    pub(crate) fn take_over(&self, masters: &[Master]) -> bool {
        let Some(owners) = &self.owners else { return true };
        let mut next = vec![NOBODY; usize::from(SLOTS)];
        for master in masters {
            let Some(index) = self.servers.iter().position(|server| server.master.id == master.id) else {
                return false;
            };
            for slot in master.slots.iter().cloned().flatten() {
                if let Some(owner) = next.get_mut(usize::from(slot)) {
                    *owner = index;
                }
            }
        }
        *owners.write().unwrap_or_else(PoisonError::into_inner) = next;
        true
    }

    /// Sends a request to where it belongs, and waits for the replies at most `limit`, or until the link is at its end. Needs
    /// a tokio runtime with timers.
    pub(crate) async fn exchange(&self, request: &Request, limit: Duration) -> Result<Replies, Refusal> {
        let replies = match self.only() {
            Some(connection) => self.retired.or(request.exchange(connection.clone(), limit)).await,
            None => {
                let routed = tokio::time::timeout(limit, self.route(request.commands()));
                self.retired.or(async { routed.await.unwrap_or(Err(Refusal::Unknown)) }).await
            }
        };
        replies.unwrap_or(Err(Refusal::Unknown))
    }

    /// Sends each command to the owner of its key's slot, and after it where the slot moves.
    async fn route(&self, commands: Vec<Cmd>) -> Result<Replies, Refusal> {
        let mut replies: Vec<Option<Result<Value, String>>> = vec![None; commands.len()];
        let mut next: Vec<Step> = Vec::with_capacity(commands.len());
        for (at, command) in commands.iter().enumerate() {
            let server = key_of(command).map_or(Some(0), |key| self.owner_of(&key)).ok_or(Refusal::Away)?;
            next.push(Step { at, server, asking: false });
        }
        while !next.is_empty() {
            let steps = std::mem::take(&mut next);
            let mut pause = false;
            for (step, value) in self.send(&commands, steps).await? {
                match self.direction(step, &value)? {
                    Direction::Done => {
                        if let Some(place) = replies.get_mut(step.at) {
                            *place = Some(reply(value));
                        }
                    }
                    Direction::To(step) => next.push(step),
                    Direction::Later => {
                        pause = true;
                        next.push(step);
                    }
                }
            }
            // What was sent together keeps its order where it goes to one server.
            next.sort_by_key(|step| step.at);
            if pause {
                tokio::time::sleep(PAUSE).await;
            }
        }
        replies.into_iter().map(|reply| reply.ok_or(Refusal::Unknown)).collect()
    }

    /// Sends commands to their servers at the same time: one message to each.
    async fn send(&self, commands: &[Cmd], steps: Vec<Step>) -> Result<Vec<(Step, Value)>, Refusal> {
        let mut groups: BTreeMap<usize, Vec<Step>> = BTreeMap::new();
        steps.into_iter().for_each(|step| groups.entry(step.server).or_default().push(step));
        let mut sent = JoinSet::new();
        for (server, steps) in groups {
            let connection = self.servers.get(server).ok_or(Refusal::Away)?.connection.clone();
            let mut message = Pipeline::with_capacity(steps.len());
            for step in &steps {
                if step.asking {
                    message.add_command(cmd("ASKING"));
                }
                if let Some(command) = commands.get(step.at) {
                    message.add_command(command.clone());
                }
            }
            message.ignore_errors();
            sent.spawn(deliver(connection, message, steps));
        }
        let mut replies = Vec::new();
        while let Some(answered) = sent.join_next().await {
            replies.extend(answered.map_err(|_| Refusal::Unknown)??);
        }
        Ok(replies)
    }

    /// What a reply says about where its command is to go.
    fn direction(&self, step: Step, value: &Value) -> Result<Direction, Refusal> {
        let Value::ServerError(error) = value else { return Ok(Direction::Done) };
        let moved = match error.code() {
            "MOVED" => true,
            "ASK" => false,
            "TRYAGAIN" | "CLUSTERDOWN" => return Ok(Direction::Later),
            _ => return Ok(Direction::Done),
        };
        let Some((slot, server)) = error.details().and_then(|text| self.read_redirect(step.server, text)) else {
            // A master that joined, or took over: it has to be subscribed to before it is asked.
            self.retired.retire("the Cluster has another master");
            return Err(Refusal::Unknown);
        };
        if moved && let Some(owners) = &self.owners {
            let mut owners = owners.write().unwrap_or_else(PoisonError::into_inner);
            if let Some(owner) = owners.get_mut(usize::from(slot)) {
                *owner = server;
            }
        }
        Ok(Direction::To(Step { server, asking: !moved, ..step }))
    }

    /// Reads `slot host:port`; a node that does not know the host leaves it out.
    fn read_redirect(&self, from: usize, text: &str) -> Option<(u16, usize)> {
        let mut parts = text.split_ascii_whitespace();
        let (slot, target) = (parts.next()?.parse().ok()?, parts.next()?);
        let (host, port) = target.rsplit_once(':')?;
        let port: u16 = port.parse().ok()?;
        let host = match host {
            "" | "?" => self.servers.get(from)?.master.address.endpoint()?.0,
            host => host,
        };
        let server = self.servers.iter().position(|server| server.master.address.endpoint() == Some((host, port)))?;
        Some((slot, server))
    }
}

enum Direction {
    Done,
    To(Step),
    Later,
}

async fn deliver(
    mut connection: MultiplexedConnection,
    message: Pipeline,
    steps: Vec<Step>,
) -> Result<Vec<(Step, Value)>, Refusal> {
    use redis::aio::ConnectionLike as _;

    let values = connection.req_packed_commands(&message, 0, message.len()).await.map_err(|_| Refusal::Unknown)?;
    let mut values = values.into_iter();
    let mut replies = Vec::with_capacity(steps.len());
    for step in steps {
        if step.asking {
            values.next();
        }
        replies.push((step, values.next().ok_or(Refusal::Unknown)?));
    }
    Ok(replies)
}

/// The first key of a command; `None` for one without.
fn key_of(command: &Cmd) -> Option<Vec<u8>> {
    let mut arguments = command.args_iter().filter_map(|argument| match argument {
        Arg::Simple(bytes) => Some(bytes),
        _ => None,
    });
    let key = if arguments.next()? == b"EVAL" { arguments.nth(2) } else { arguments.next() };
    key.map(<[u8]>::to_vec)
}

/// The slot of a key: that of its hash tag, where it has one.
fn slot(key: &[u8]) -> u16 {
    let tag = || {
        let (_, rest) = key.split_at_checked(key.iter().position(|byte| *byte == b'{')? + 1)?;
        rest.get(..rest.iter().position(|byte| *byte == b'}')?).filter(|tag| !tag.is_empty())
    };
    crc16::State::<crc16::XMODEM>::calculate(tag().unwrap_or(key)) % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_what_the_server_says() {
        // As `CLUSTER KEYSLOT` answers.
        for (key, expected) in [("123456789", 12739), ("foo", 12182), ("{foo}bar", 12182), ("a{foo}{bar}", 12182)] {
            assert_eq!(slot(key.as_bytes()), expected, "{key}");
        }
        assert_ne!(slot(b"{}foo"), slot(b"foo"), "an empty tag is none");
    }

    #[test]
    fn a_command_goes_where_its_first_key_is() {
        let mut get = cmd("GET");
        get.arg("k");
        let mut eval = cmd("EVAL");
        eval.arg("return 1").arg(2).arg("first").arg("second").arg("x");
        assert_eq!(key_of(&get).as_deref(), Some(&b"k"[..]));
        assert_eq!(key_of(&eval).as_deref(), Some(&b"first"[..]));
        assert_eq!(key_of(&cmd("PING")), None);
    }
}
