//! The supervisor of the link: makes it, tests it until it is dead, and makes it anew for ever.
//!
//! Invariants:
//! 1. A link is called up only after it was subscribed to announcements, then what is owed was delivered, then every known epoch was read
//!    again, in this order: nothing that changed while there was no link is missed, and nothing ended here is read first.
//! 2. A link has a connection to every server that takes writes, or it is not up.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use redis::AsyncConnectionConfig;
use tokio::task::JoinSet;

use super::announcements::Listener;
use super::beat::Missed;
use super::connect::connect;
use super::link::{ANSWER, Link};
use super::retired::Retired;
use super::servers::{Server, Servers};
use super::topology::Master;
use crate::clock::Moment;
use crate::log;

/// A link that misses this many heartbeats in a row is dead: a server that stalls for a shorter time keeps it, however often.
const MISSES: u32 = 3;

impl Link {
    /// Makes the link anew for as long as the instance lives.
    pub(crate) async fn supervise(weak: Weak<Self>) {
        let pauses = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(10))
            .with_max_delay(Duration::from_millis(200))
            .with_jitter()
            .without_max_times();
        let (mut pause, mut told) = (pauses.build(), Vec::new());
        while let Some(link) = weak.upgrade() {
            let retired = Retired::new(Arc::clone(&link.look));
            match link.bring_up(&retired).await {
                Ok(servers) => {
                    pause = pauses.build();
                    told.clear();
                    link.up(Arc::clone(&servers));
                    drop(link);
                    let why = Self::watch(&weak, &servers, &retired).await;
                    retired.retire("the link is down");
                    if let Some(link) = weak.upgrade() {
                        link.down(why);
                    }
                }
                Err(reason) => {
                    retired.retire("the link did not come up");
                    link.is_away(reason, &mut told);
                    drop(link);
                }
            }
            tokio::time::sleep(pause.next().unwrap_or(ANSWER)).await;
        }
    }

    /// Finds the servers, connects to each, subscribes, delivers what is owed, reads every known epoch again.
    async fn bring_up(self: &Arc<Self>, retired: &Retired) -> Result<Arc<Servers>, String> {
        let masters = self.topology.masters().await?;
        let listener = Listener::new(self, retired, &masters);
        let mut connecting = JoinSet::new();
        for (index, master) in masters.into_iter().enumerate() {
            let config = AsyncConnectionConfig::new().set_push_sender(listener.of(&master));
            let link = Arc::clone(self);
            connecting.spawn(async move { (index, link.reach(master, config).await) });
        }
        let mut servers = Vec::with_capacity(connecting.len());
        while let Some(reached) = connecting.join_next().await {
            let (index, server) = reached.map_err(|_| "no thread to connect on".to_owned())?;
            servers.push((index, server?));
        }
        servers.sort_by_key(|(index, _)| *index);
        let servers = servers.into_iter().map(|(_, server)| server).collect();
        let servers = Arc::new(Servers::new(servers, self.topology.is_cluster(), retired.clone()));
        self.catch_up(&servers).await?;
        match retired.why() {
            None => Ok(servers),
            Some(why) => Err(why.to_owned()),
        }
    }

    /// One connection, subscribed to the announcements of its server.
    async fn reach(&self, master: Master, config: AsyncConnectionConfig) -> Result<Server, String> {
        let connection = connect(&master.address, config).await?;
        let server = Server { master, connection };
        self.subscribe(&server).await?;
        Ok(server)
    }

    fn up(&self, servers: Arc<Servers>) {
        *self.servers() = Some(servers);
        *self.fault() = None;
        self.reads.reset();
        self.writes.reset();
        self.refusing.store(false, Ordering::Release);
        self.connects.fetch_add(1, Ordering::Relaxed);
        self.generation.fetch_add(1, Ordering::AcqRel);
        self.settled.send_replace(true);
        // What was let go meanwhile was not heard.
        self.freed.wake_all();
    }

    fn down(&self, why: String) {
        log::warn(&format_args!("the link to Redis is down: functions answer by this process alone ({why})"));
        *self.fault() = Some(why);
        self.table.unlink();
        self.generation.fetch_add(1, Ordering::AcqRel);
        *self.servers() = None;
        self.waits.end(Moment::NEVER);
        // Who waits for no longer than there is Redis hears of it.
        self.freed.wake_all();
    }

    /// There is no link. Each reason is told once, and not more than some.
    fn is_away(&self, reason: String, told: &mut Vec<String>) {
        const REASONS: usize = 8;
        if told.len() < REASONS && !told.contains(&reason) {
            log::warn(&format_args!("Redis is away: {reason}"));
            told.push(reason.clone());
        }
        *self.fault() = Some(reason);
        self.settled.send_replace(true);
    }

    /// Tests the link until it is dead, and delivers what becomes owed. Returns why it is dead.
    async fn watch(weak: &Weak<Self>, servers: &Arc<Servers>, retired: &Retired) -> String {
        let mut missed = 0;
        loop {
            let Some(link) = weak.upgrade() else { return String::new() };
            let (every, look) = (link.heartbeat, Arc::clone(&link.look));
            let begun = tokio::time::Instant::now();
            match link.beat(servers, link.patience()).await {
                Ok(tracked_until) => {
                    missed = 0;
                    link.extend(tracked_until);
                    link.deliver_aside(servers);
                }
                Err(Missed::Silence(why)) => {
                    missed += 1;
                    if missed >= MISSES {
                        return why;
                    }
                }
                Err(Missed::Demoted(why)) => return why,
            }
            drop(link);
            let _ = tokio::time::timeout_at(begun + every, look.notified()).await;
            if let Some(why) = retired.why() {
                return why.to_owned();
            }
        }
    }
}
