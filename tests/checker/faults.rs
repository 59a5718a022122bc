//! The faults: which come when, by a seed, how each is made, and the proof that it was there.

use std::time::Duration;

use fastrand::Rng;

use crate::clock::now;
use crate::fleet::{Fleet, NodeProcess};
use crate::process::stopped;
use crate::proxy::Way;
use crate::strike;

/// One kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// `kill -9` of Redis, which comes back empty.
    ServerLost,
    /// `kill -9` of Redis, which comes back as it was saved some time before.
    ServerRolledBack,
    /// SIGSTOP of Redis.
    ServerFrozen,
    /// Every connection of one process is closed, and cannot be made anew.
    Cut,
    /// No byte comes through, between one process and Redis, in either direction; later all do.
    BlackHole,
    /// Redis's replies do not come through.
    Deaf,
    /// Requests do not come through.
    Mute,
    /// No process reaches Redis.
    BlackHoleOfAll,
    /// FLUSHALL.
    Flushed,
    /// CLIENT PAUSE of all commands.
    Paused,
    /// CLIENT PAUSE of writes.
    WritesPaused,
    /// Redis closes every connection.
    ClientsKilled,
    /// Redis is at its memory limit, with `noeviction`.
    Full,
    /// Redis is made a replica of nobody.
    ReadOnly,
    /// Epochs and values are evicted.
    Evicted,
    /// SIGSTOP of one process.
    NodeFrozen,
    /// `kill -9` of one process, and another in its place.
    NodeKilled,
    /// One process is stopped while Redis is killed.
    NodeFrozenServerLost,
    /// One process cannot reach Redis while Redis comes back as it was saved.
    CutServerRolledBack,
    /// Every process is killed, and Redis comes back as it was saved: nobody knows what was ended since.
    AllKilledServerRolledBack,
}

impl Kind {
    pub(crate) const ALL: [Self; 20] = [
        Self::ServerLost,
        Self::ServerRolledBack,
        Self::ServerFrozen,
        Self::Cut,
        Self::BlackHole,
        Self::Deaf,
        Self::Mute,
        Self::BlackHoleOfAll,
        Self::Flushed,
        Self::Paused,
        Self::WritesPaused,
        Self::ClientsKilled,
        Self::Full,
        Self::ReadOnly,
        Self::Evicted,
        Self::NodeFrozen,
        Self::NodeKilled,
        Self::NodeFrozenServerLost,
        Self::CutServerRolledBack,
        Self::AllKilledServerRolledBack,
    ];

    /// Whether the kind itself is over as soon as it was made.
    const fn is_instant(self) -> bool {
        matches!(self, Self::Flushed | Self::ClientsKilled | Self::Evicted)
    }
}

/// One fault of a plan.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    pub(crate) kind: Kind,
    /// The place of the process that it strikes, where it strikes one.
    pub(crate) place: usize,
    /// How long nothing happens before.
    pub(crate) before: Duration,
    /// How long it lasts.
    pub(crate) lasts: Duration,
}

/// What a fault was, when it was over.
#[derive(Clone, Debug)]
pub(crate) struct Struck {
    pub(crate) kind: Kind,
    pub(crate) place: usize,
    pub(crate) begin: u64,
    pub(crate) end: u64,
    /// What showed that it was there.
    pub(crate) proof: String,
}

/// The faults of one round, in order: the same seed, the same faults.
pub(crate) fn plan(seed: u64, kinds: &[Kind], places: usize, length: Duration) -> Vec<Fault> {
    let mut rng = Rng::with_seed(seed ^ 0x6661_756c);
    let (mut faults, mut all, mut bag) = (Vec::new(), Duration::ZERO, Vec::new());
    // A calm before the first, to measure what no fault disturbs.
    let mut calm = length / 8;
    while all < length && !kinds.is_empty() {
        if bag.is_empty() {
            // Each kind comes once before any comes twice.
            bag = kinds.to_vec();
            rng.shuffle(&mut bag);
        }
        let kind = bag.pop().unwrap();
        let before = if rng.u8(..5) == 0 { rng.u64(1_500..2_500) } else { rng.u64(100..900) };
        let before = Duration::from_millis(before) + std::mem::take(&mut calm);
        let lasts =
            if kind.is_instant() { 0 } else { if rng.u8(..5) < 3 { rng.u64(50..700) } else { rng.u64(1_100..2_200) } };
        let lasts = Duration::from_millis(lasts);
        all += before + lasts;
        faults.push(Fault { kind, place: rng.usize(..places), before, lasts });
    }
    faults
}

impl Fault {
    /// Makes the fault, sees that it is there, and ends it.
    pub(crate) async fn strike(&self, fleet: &mut Fleet) -> Struck {
        tokio::time::sleep(self.before).await;
        let begin = now();
        let proof = self.make(fleet).await;
        Struck { kind: self.kind, place: self.place, begin, end: now(), proof }
    }

    async fn make(&self, fleet: &mut Fleet) -> String {
        let (place, lasts) = (self.place, self.lasts);
        match self.kind {
            Kind::ServerLost => fleet.lose_server(lasts, false).await,
            Kind::ServerRolledBack => {
                fleet.save().await;
                fleet.lose_server(lasts, true).await
            }
            Kind::ServerFrozen => {
                let proof = strike::freeze(&fleet.server).await;
                tokio::time::sleep(lasts).await;
                fleet.server.thaw();
                proof
            }
            Kind::Cut => {
                let before = strike::connected(&fleet.proxies[place]).await;
                let proof = strike::cut(&fleet.proxies[place], before).await;
                tokio::time::sleep(lasts).await;
                fleet.proxies[place].resume();
                proof
            }
            Kind::BlackHole => fleet.hold(&[place], &[Way::Requests, Way::Replies], lasts).await,
            Kind::Deaf => fleet.hold(&[place], &[Way::Replies], lasts).await,
            Kind::Mute => fleet.hold(&[place], &[Way::Requests], lasts).await,
            Kind::BlackHoleOfAll => {
                let all: Vec<usize> = (0..fleet.proxies.len()).collect();
                fleet.hold(&all, &[Way::Requests, Way::Replies], lasts).await
            }
            Kind::Flushed => strike::flush(&fleet.server).await,
            Kind::Paused => strike::pause(&fleet.server, lasts, "ALL").await,
            Kind::WritesPaused => strike::pause(&fleet.server, lasts, "WRITE").await,
            Kind::ClientsKilled => {
                strike::connected(&fleet.proxies[place]).await;
                strike::kill_clients(&fleet.server).await
            }
            Kind::Full => {
                fleet.server.run::<()>("CONFIG SET maxmemory 1000000").await;
                let proof = fleet.refused("OOM").await;
                tokio::time::sleep(lasts).await;
                fleet.server.run::<()>("CONFIG SET maxmemory 0").await;
                proof
            }
            Kind::ReadOnly => {
                // Nobody listens at port 1.
                fleet.server.run::<()>("REPLICAOF 127.0.0.1 1").await;
                let proof = fleet.refused("READONLY").await;
                tokio::time::sleep(lasts).await;
                fleet.server.run::<()>("REPLICAOF NO ONE").await;
                proof
            }
            Kind::Evicted => fleet.evict().await,
            Kind::NodeFrozen => {
                fleet.nodes[place].signal(rustix::process::Signal::STOP);
                let proof = stopped(fleet.nodes[place].id()).await;
                tokio::time::sleep(lasts).await;
                fleet.nodes[place].signal(rustix::process::Signal::CONT);
                proof
            }
            Kind::NodeKilled => {
                let proof = fleet.nodes[place].kill();
                tokio::time::sleep(lasts / 4).await;
                fleet.replace(place);
                proof
            }
            Kind::NodeFrozenServerLost => {
                fleet.nodes[place].signal(rustix::process::Signal::STOP);
                let proof = stopped(fleet.nodes[place].id()).await;
                let lost = fleet.lose_server(lasts / 4, false).await;
                tokio::time::sleep(lasts / 2).await;
                fleet.nodes[place].signal(rustix::process::Signal::CONT);
                format!("{proof}, {lost}")
            }
            Kind::CutServerRolledBack => {
                let before = strike::connected(&fleet.proxies[place]).await;
                fleet.save().await;
                let cut = strike::cut(&fleet.proxies[place], before).await;
                let lost = fleet.lose_server(lasts / 4, true).await;
                tokio::time::sleep(lasts / 2).await;
                fleet.proxies[place].resume();
                format!("{cut}, {lost}")
            }
            Kind::AllKilledServerRolledBack => {
                fleet.save().await;
                let killed = fleet.nodes.iter_mut().map(NodeProcess::kill).count();
                let lost = fleet.lose_server(Duration::ZERO, true).await;
                (0..killed).for_each(|place| fleet.replace(place));
                format!("{killed} processes ended by signal 9, {lost}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_faults_again_and_another_others() {
        let of = |seed| format!("{:?}", plan(seed, &Kind::ALL, 3, Duration::from_secs(60)));
        assert_eq!(of(7), of(7));
        assert_ne!(of(7), of(8));
    }
}
