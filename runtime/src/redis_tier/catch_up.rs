//! What a new link must have behind it before it is called up: see the order in `catch_up`.

use std::fmt::Arguments;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use redis::{FromRedisValue as _, Value, cmd};
use tokio::task::JoinSet;

use super::beat::Missed;
use super::exchange::{Replies, Request};
use super::link::{ANSWER, Link};
use super::pending::Owed;
use super::scripts;
use super::servers::Servers;
use crate::epoch::{Cell, Fencing, Told};
use crate::log;
use crate::remote::Refusal;

/// Epochs asked for in one command, and invalidations sent in one request.
const CHUNK: usize = 512;

impl Link {
    pub(super) async fn catch_up(&self, servers: &Arc<Servers>) -> Result<(), String> {
        let tracked_until =
            self.beat(servers, self.operation_timeout.max(ANSWER)).await.map_err(Missed::into_reason)?;
        self.same_server(servers).await?;
        self.table.end_unseen();
        self.deliver(servers).await?;
        self.read_again(servers).await?;
        self.deliver(servers).await?;
        // Only now is all that memory holds known to be as current as when the heartbeat was sent.
        self.extend(tracked_until);
        Ok(())
    }

    async fn now(&self, servers: &Arc<Servers>, request: Request) -> Result<Replies, String> {
        let limit = self.operation_timeout;
        servers.exchange(&request, limit).await.map_err(|refusal| refusal.to_string())
    }

    /// Ends everything if this is another run of the server than the one that the epochs were raised on: one that was
    /// restarted from a save, or a replica that took over, may have forgotten the latest of them.
    async fn same_server(&self, servers: &Arc<Servers>) -> Result<(), String> {
        let mut runs = Vec::with_capacity(servers.all().len());
        for server in servers.all() {
            let mut info = cmd("INFO");
            info.arg("server").arg("replication");
            let answer = Request::One(info).exchange(server.connection.clone(), self.operation_timeout).await;
            let info = answer.map_err(|refusal| refusal.to_string())?.pop().unwrap_or(Ok(Value::Nil));
            let info = info.map_err(|code| format!("INFO was refused ({code}): the user needs `+info`"))?;
            let text = String::from_redis_value(info).map_err(|_| "INFO cannot be read".to_owned())?;
            // A replica that was promoted writes another history, also one that had been the master before.
            let history =
                ["run_id:", "master_replid:"].map(|field| text.lines().find_map(|line| line.strip_prefix(field)));
            runs.push(history.map(|part| part.unwrap_or_default().trim()).join("/"));
        }
        runs.sort_unstable();
        let checked = self.now(servers, Request::One(scripts::same_run(&self.names, &runs.join(",")))).await?;
        match checked.into_iter().next() {
            Some(Ok(_)) => Ok(()),
            Some(Err(code)) => Err(format!("the run of the server could not be checked ({code})")),
            None => Err("no answer".to_owned()),
        }
    }

    /// Sends the invalidations that Redis has not confirmed, some at a time.
    async fn deliver(&self, servers: &Arc<Servers>) -> Result<(), String> {
        let mut owed = self.pending.take();
        let mut outcome = Ok(());
        while !owed.is_empty() {
            let chunk: Vec<Owed> = owed.drain(..owed.len().min(CHUNK)).collect();
            if let Err(reason) = self.deliver_some(servers, chunk).await {
                outcome = Err(reason);
                owed.drain(..).for_each(|owed| self.pending.give_back(owed));
            }
        }
        outcome
    }

    async fn deliver_some(&self, servers: &Arc<Servers>, owed: Vec<Owed>) -> Result<(), String> {
        let generation = self.generation.load(Ordering::Acquire);
        let ends = owed.iter().map(|owed| scripts::end(&self.names, &owed.cell, Fencing::None));
        let replies = self.now(servers, Request::of(ends)).await;
        // What a link that was lost meanwhile confirms may be older than what is known by now: it is sent again.
        let good = self.generation.load(Ordering::Acquire) == generation;
        let confirmed = match &replies {
            Ok(replies) if good => {
                replies.iter().map(|reply| reply.as_ref().ok().and_then(|value| self.told(value))).collect()
            }
            _ => Vec::new(),
        };
        let mut refused = false;
        for (owed, epoch) in owed.into_iter().zip(confirmed.into_iter().chain(std::iter::repeat(None))) {
            match epoch {
                Some(epoch) => {
                    self.table.confirm_end(&owed.cell, owed.ends, epoch);
                    self.pending.delivered(&owed);
                }
                None => {
                    refused = true;
                    self.pending.give_back(owed);
                }
            }
        }
        match replies {
            Err(reason) => Err(reason),
            Ok(_) if refused => Err("an invalidation was refused: it is kept and sent again".to_owned()),
            Ok(_) => Ok(()),
        }
    }

    /// Tells why something is owed over a link that is up: once, until all of it is delivered.
    pub(super) fn owes(&self, why: &Arguments<'_>) {
        if !self.refusing.swap(true, Ordering::AcqRel) {
            log::warn(why);
        }
    }

    /// Delivers in a task of its own, so that a server that hangs writes does not silence the heartbeat.
    pub(super) fn deliver_aside(self: &Arc<Self>, servers: &Arc<Servers>) {
        if self.pending.count() == 0 || self.delivering.swap(true, Ordering::AcqRel) {
            return;
        }
        let (link, servers) = (Arc::clone(self), Arc::clone(servers));
        tokio::spawn(async move {
            match link.deliver(&servers).await {
                Ok(()) => link.refusing.store(false, Ordering::Release),
                Err(reason) => link.owes(&format_args!("{reason}")),
            }
            link.delivering.store(false, Ordering::Release);
        });
    }

    /// Reads the epochs of all known names, in one round trip: what was changed meanwhile is ended, all else lives on.
    async fn read_again(&self, servers: &Arc<Servers>) -> Result<(), String> {
        #[cfg(feature = "testkit")]
        if crate::testkit::is_out(crate::testkit::Protection::EpochsReadAgain) {
            return Ok(());
        }
        let cells = self.table.all_again();
        let guards: Vec<_> = cells.iter().map(|cell| cell.distrust()).collect();
        let epochs = self.ask_again(servers, &cells).await?;
        for ((cell, guard), epoch) in cells.iter().zip(guards).zip(epochs) {
            if self.table.learn_again(cell, guard, epoch) {
                self.pending.add(cell);
            }
        }
        Ok(())
    }

    /// The epoch of each. Every question is on its way before an answer is waited for; the waiting lasts for as long as
    /// answers come, each at most the operation timeout behind the one before.
    async fn ask_again(&self, servers: &Arc<Servers>, cells: &[Arc<Cell>]) -> Result<Vec<Option<Told>>, String> {
        let mut asked = JoinSet::new();
        for (place, chunk) in cells.chunks(CHUNK).enumerate() {
            let request = Request::of(scripts::read(&self.names, &names_of(chunk)));
            let servers = Arc::clone(servers);
            asked.spawn(async move { (place, servers.exchange(&request, Duration::MAX).await) });
        }
        let mut epochs = vec![None; cells.len()];
        while !asked.is_empty() {
            let next = tokio::time::timeout(self.operation_timeout, asked.join_next()).await;
            let Ok(Some(Ok((place, replies)))) = next else { return Err(Refusal::Unknown.to_string()) };
            let wanted = names_of(cells.chunks(CHUNK).nth(place).unwrap_or_default());
            let answered = replies.and_then(|replies| self.answers(&wanted, replies));
            let answered = answered.map_err(|refusal| format!("the epochs could not be read: {refusal}"))?;
            let places = epochs.chunks_mut(CHUNK).nth(place).unwrap_or_default();
            places.iter_mut().zip(answered).for_each(|(place, epoch)| *place = epoch);
        }
        Ok(epochs)
    }
}

fn names_of(cells: &[Arc<Cell>]) -> Vec<Arc<str>> {
    cells.iter().map(|cell| Arc::clone(cell.name())).collect()
}
