//! The heartbeat: whether every server of a link still answers, and still is what it was.
//!
//! Invariant: the tracking lease is counted from before a heartbeat was sent. Each answer comes behind every announcement that
//! its server made before it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use redis::{FromRedisValue as _, Value, cmd};
use tokio::task::JoinSet;

use super::exchange::{Replies, Request};
use super::link::{ANSWER, Link};
use super::servers::Servers;
use super::topology::{read_shards, shards};
use crate::clock::Moment;
use crate::epoch::EVERYTHING;
use crate::remote::Refusal;

/// Why a heartbeat says nothing.
#[derive(Debug)]
pub(super) enum Missed {
    /// It was not answered: the next one may be.
    Silence(String),
    /// A server is no longer one that takes writes.
    Demoted(String),
}

impl Missed {
    pub(super) fn into_reason(self) -> String {
        match self {
            Self::Silence(reason) | Self::Demoted(reason) => reason,
        }
    }
}

impl Link {
    /// One heartbeat. When it is answered, pushes were known to arrive when it was sent.
    pub(super) async fn beat(&self, servers: &Arc<Servers>, limit: Duration) -> Result<Moment, Missed> {
        let everything = self.table.cell(EVERYTHING);
        let (guard, sent) = (everything.guard(), self.clock.coarse());
        let key = self.names.epoch(EVERYTHING);
        let timekeeper = servers.owner_of(key.as_bytes()).unwrap_or(0);
        let asked = self.clock.precise();
        let (answers, epoch) = match servers.only() {
            Some(connection) => {
                let request = Request::of([cmd("TIME"), cmd("ROLE"), get(&key)]);
                let answer = request.exchange(connection.clone(), limit).await;
                let mut replies = answer.map_err(silence)?;
                let epoch = replies.pop();
                (vec![replies], epoch)
            }
            None => ask_all(servers, &key, limit).await?,
        };
        let (answered, answered_precisely) = (self.clock.coarse(), self.clock.precise());
        let mut said = String::new();
        for (index, replies) in answers.into_iter().enumerate() {
            let mut replies = replies.into_iter();
            let time = replies.next().and_then(Result::ok).and_then(|value| <(u64, u64)>::from_redis_value(value).ok());
            let (seconds, micros) =
                time.ok_or_else(|| Missed::Silence("TIME was refused: the user needs `+time`".to_owned()))?;
            let name = || servers.all().get(index).map(|server| server.master.address.to_string()).unwrap_or_default();
            is_master(replies.next(), name)?;
            if let Some(state) = replies.next() {
                said.push_str(&in_force(state, name)?);
            }
            if servers.only().is_some() {
                self.pace.heard(seconds * 1_000_000 + micros, asked, answered_precisely);
            }
            if index == timekeeper {
                let middle = sent + answered.since(sent) / 2;
                let server = i64::try_from(seconds * 1_000_000 + micros).unwrap_or(i64::MAX);
                let here = i64::try_from(middle.as_nanos() / 1_000).unwrap_or(i64::MAX);
                self.server_ahead.store(server.saturating_sub(here), Ordering::Relaxed);
            }
        }
        if !said.is_empty() && servers.is_news(said) {
            look_again(servers, limit).await?;
        }
        let epoch = epoch.and_then(Result::ok).and_then(|value| self.told(&value)).map(|told| told.epoch);
        if everything.epoch().is_confirmed() && epoch != Some(everything.epoch()) && everything.guard() == guard {
            // What every value depends on is gone or another: Redis lost its data, and may have lost any epoch.
            self.table.forget_all();
        }
        let round_trip = u64::try_from(answered.since(sent).as_micros()).unwrap_or(u64::MAX);
        self.round_trip.store(round_trip, Ordering::Relaxed);
        #[cfg(feature = "testkit")]
        if crate::testkit::is_out(crate::testkit::Protection::TrackingLease) {
            return Ok(sent + Duration::from_secs(3_600));
        }
        Ok(sent + self.lease)
    }

    /// How long a heartbeat's answer is waited for: a distant server is given more.
    pub(super) fn patience(&self) -> Duration {
        let far = Duration::from_micros(self.round_trip.load(Ordering::Relaxed)).saturating_mul(3);
        ANSWER.max(self.heartbeat).max(far.min(self.lease / 3))
    }
}

fn get(key: &str) -> redis::Cmd {
    let mut get = cmd("GET");
    get.arg(key);
    get
}

fn silence(refusal: Refusal) -> Missed {
    Missed::Silence(refusal.to_string())
}

type Answers = (Vec<Replies>, Option<Result<Value, String>>);

/// Asks every node of a Cluster, and the one that has it for the epoch of everything.
async fn ask_all(servers: &Arc<Servers>, key: &str, limit: Duration) -> Result<Answers, Missed> {
    let mut info = cmd("CLUSTER");
    info.arg("INFO");
    let questions = Request::of([cmd("TIME"), cmd("ROLE"), info]);
    let mut asked = JoinSet::new();
    for (index, server) in servers.all().iter().enumerate() {
        let (questions, connection) = (questions.clone(), server.connection.clone());
        asked.spawn(async move { (index, questions.exchange(connection, limit).await) });
    }
    let epoch = servers.exchange(&Request::One(get(key)), limit).await.map_err(silence)?.pop();
    let mut answers = Vec::new();
    while let Some(answered) = asked.join_next().await {
        let (index, replies) = answered.map_err(|_| silence(Refusal::Unknown))?;
        answers.push((index, replies.map_err(silence)?));
    }
    answers.sort_by_key(|(index, _)| *index);
    Ok((answers.into_iter().map(|(_, replies)| replies).collect(), epoch))
}

/// Takes over who owns which slots.
async fn look_again(servers: &Servers, limit: Duration) -> Result<(), Missed> {
    let unread = || Missed::Silence("CLUSTER SHARDS cannot be read: the user needs `+cluster`".to_owned());
    let first = servers.all().first().ok_or_else(unread)?;
    let answer = Request::One(shards()).exchange(first.connection.clone(), limit).await.map_err(silence)?;
    let answer = answer.into_iter().next().and_then(Result::ok).ok_or_else(unread)?;
    let masters = read_shards(&first.master.address, answer).ok_or_else(unread)?;
    if servers.take_over(&masters) { Ok(()) } else { Err(Missed::Demoted("the Cluster has another master".to_owned())) }
}

/// A server that was demoted answers reads, and hears nothing of what is ended at the one that took over.
fn is_master(role: Option<Result<Value, String>>, server: impl Fn() -> String) -> Result<(), Missed> {
    let role = match role {
        Some(Ok(Value::Array(parts))) => parts.into_iter().next().and_then(|role| String::from_redis_value(role).ok()),
        Some(Err(code)) => {
            let server = server();
            return Err(Missed::Silence(format!("{server} refused ROLE ({code}): the user needs `+role`")));
        }
        _ => None,
    };
    if role.as_deref() == Some("master") {
        return Ok(());
    }
    Err(Missed::Demoted(format!("{} is a replica: invalidations need the master, give its address", server())))
}

/// What a node says about its Cluster: what changes when slots or nodes do. One that does not see most of the others does not
/// know who owns what.
fn in_force(state: Result<Value, String>, server: impl Fn() -> String) -> Result<String, Missed> {
    let text = match state {
        Ok(value) => String::from_redis_value(value).unwrap_or_default(),
        Err(code) => {
            let server = server();
            return Err(Missed::Silence(format!("{server} refused CLUSTER INFO ({code}): the user needs `+cluster`")));
        }
    };
    if !text.lines().any(|line| line.trim() == "cluster_state:ok") {
        return Err(Missed::Demoted(format!("the Cluster is down as {} sees it: look at `CLUSTER INFO`", server())));
    }
    const TELLING: [&str; 3] = ["cluster_current_epoch:", "cluster_known_nodes:", "cluster_size:"];
    Ok(text.lines().filter(|line| TELLING.iter().any(|start| line.starts_with(start))).collect())
}
