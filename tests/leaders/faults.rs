//! The faults: which come when, by a seed, how each is made, and the proof that it was there.

use std::time::Duration;

use fastrand::Rng;
use rustix::process::Signal;

use crate::clock::now;
use crate::fleet::Fleet;
use crate::process::stopped;
use crate::proxy::Way;
use crate::strike;

/// One kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// `kill -9` of one process, and another in its place.
    Killed,
    /// SIGSTOP of one process for longer than a lease lasts.
    Stopped,
    /// SIGSTOP of one process for less.
    StoppedShortly,
    /// Every connection of one process is closed, and cannot be made anew.
    Cut,
    /// No byte comes through, between one process and Redis, in either direction; later all do.
    BlackHole,
    /// Redis's replies do not come through.
    Deaf,
    /// Requests do not come through, and come late.
    Mute,
    /// No process reaches Redis.
    BlackHoleOfAll,
    /// SIGSTOP of Redis.
    ServerFrozen,
    /// CLIENT PAUSE of all commands.
    Paused,
    /// CLIENT PAUSE of writes.
    WritesPaused,
    /// `kill -9` of Redis, which comes back with all that it had answered.
    ServerRestarted,
    /// Redis closes every connection.
    ClientsKilled,
    /// One process is stopped while Redis is restarted.
    StoppedServerRestarted,
    /// FLUSHALL: Redis forgets who leads.
    Flushed,
    /// The server's clock is set forward by an hour: Redis lets every lease go at once.
    ClockForward,
    /// The server's clock is set back by an hour.
    ClockBack,
    /// The server's clock is set back, and the one that leads is killed before it can renew.
    ClockBackKilled,
}

impl Kind {
    /// What `#[leader]` promises to outlive. Crashes and stops come more often than the rest.
    pub(crate) fn all() -> Vec<Self> {
        let mut all = vec![
            Self::StoppedShortly,
            Self::Cut,
            Self::BlackHole,
            Self::Deaf,
            Self::Mute,
            Self::BlackHoleOfAll,
            Self::ServerFrozen,
            Self::Paused,
            Self::WritesPaused,
            Self::ServerRestarted,
            Self::ClientsKilled,
            Self::StoppedServerRestarted,
        ];
        all.extend([Self::Killed; 12]);
        all.extend([Self::Stopped; 5]);
        all
    }

    /// Whether it strikes one process, so that the others can lead at once.
    pub(crate) const fn is_of_one(self) -> bool {
        matches!(
            self,
            Self::Killed
                | Self::Stopped
                | Self::StoppedShortly
                | Self::Cut
                | Self::BlackHole
                | Self::Deaf
                | Self::Mute
                | Self::ClockBackKilled
        )
    }

    /// Whether the processes that it strikes hear nothing from Redis, from when it was seen to be there to its end.
    pub(crate) const fn silences(self) -> bool {
        matches!(
            self,
            Self::Stopped
                | Self::StoppedShortly
                | Self::Cut
                | Self::BlackHole
                | Self::Deaf
                | Self::Mute
                | Self::BlackHoleOfAll
                | Self::ServerFrozen
                | Self::ServerRestarted
                | Self::StoppedServerRestarted
        )
    }

    /// Whether Redis forgets who leads.
    pub(crate) const fn forgets(self) -> bool {
        matches!(self, Self::Flushed)
    }
}

/// One fault of a plan.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    pub(crate) kind: Kind,
    /// Whether the leader of this lease is struck, or just anybody.
    pub(crate) leader_of: Option<usize>,
    /// The place of anybody.
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
    /// Which process; `None`: all.
    pub(crate) place: Option<usize>,
    /// When it was seen to be there.
    pub(crate) begin: u64,
    /// When its end began.
    pub(crate) end: u64,
    /// When its end was seen.
    pub(crate) over: u64,
    /// What showed that it was there.
    pub(crate) proof: String,
}

/// The faults of one round, in order: the same seed, the same faults.
pub(crate) fn plan(
    seed: u64,
    kinds: &[Kind],
    places: usize,
    jobs: usize,
    ttl: Duration,
) -> impl Iterator<Item = Fault> + use<> {
    let mut rng = Rng::with_seed(seed ^ 0x6c65_6164);
    let (mut bag, kinds, ttl) = (Vec::new(), kinds.to_vec(), u64::try_from(ttl.as_millis()).unwrap());
    std::iter::from_fn(move || {
        if bag.is_empty() {
            // Each kind comes once before any comes twice.
            bag.clone_from(&kinds);
            rng.shuffle(&mut bag);
        }
        let kind = bag.pop()?;
        let lasts = match kind {
            Kind::StoppedShortly => rng.u64(ttl / 4..ttl * 3 / 4),
            Kind::Stopped | Kind::StoppedServerRestarted => rng.u64(ttl * 5 / 4..ttl * 3),
            _ => rng.u64(ttl / 3..ttl * 3),
        };
        let leader_of = (rng.u8(..8) > 0).then(|| rng.usize(..jobs));
        let before = Duration::from_millis(rng.u64(20..250));
        Some(Fault { kind, leader_of, place: rng.usize(..places), before, lasts: Duration::from_millis(lasts) })
    })
}

/// An hour, for the server's clock.
const HOUR: i64 = 3_600;

impl Fault {
    /// Makes the fault, sees that it is there, and ends it.
    pub(crate) async fn strike(&self, fleet: &mut Fleet) -> Struck {
        tokio::time::sleep(self.before).await;
        let place = match self.leader_of {
            Some(job) => fleet.leader(job).await,
            None => self.place,
        };
        let (lasts, proxy) = (self.lasts, &fleet.proxies[place]);
        let (begin, end, proof) = match self.kind {
            Kind::Killed => {
                let proof = fleet.contenders[place].kill();
                (now(), now(), proof)
            }
            Kind::Stopped | Kind::StoppedShortly => {
                fleet.contenders[place].signal(Signal::STOP);
                let proof = stopped(fleet.contenders[place].id()).await;
                let begin = now();
                tokio::time::sleep(lasts).await;
                let end = now();
                fleet.contenders[place].signal(Signal::CONT);
                (begin, end, proof)
            }
            Kind::Cut => {
                let before = strike::connected(proxy).await;
                let proof = strike::cut(proxy, before).await;
                let begin = now();
                tokio::time::sleep(lasts).await;
                let end = now();
                proxy.resume();
                (begin, end, proof)
            }
            Kind::BlackHole => fleet.hold(&[place], &[Way::Requests, Way::Replies], lasts).await,
            Kind::Deaf => fleet.hold(&[place], &[Way::Replies], lasts).await,
            Kind::Mute => fleet.hold(&[place], &[Way::Requests], lasts).await,
            Kind::BlackHoleOfAll => {
                let all: Vec<usize> = (0..fleet.proxies.len()).collect();
                fleet.hold(&all, &[Way::Requests, Way::Replies], lasts).await
            }
            Kind::ServerFrozen => {
                let proof = strike::freeze(&fleet.server).await;
                let begin = now();
                tokio::time::sleep(lasts).await;
                let end = now();
                fleet.server.thaw();
                (begin, end, proof)
            }
            Kind::Paused => fleet.pause(lasts, "ALL").await,
            Kind::WritesPaused => fleet.pause(lasts, "WRITE").await,
            Kind::ServerRestarted => fleet.restart_server(lasts).await,
            Kind::ClientsKilled => {
                let begin = now();
                let proof = strike::kill_clients(&fleet.server).await;
                (begin, now(), proof)
            }
            Kind::StoppedServerRestarted => {
                fleet.contenders[place].signal(Signal::STOP);
                let proof = stopped(fleet.contenders[place].id()).await;
                let (begin, end, restarted) = fleet.restart_server(lasts).await;
                fleet.contenders[place].signal(Signal::CONT);
                (begin, end, format!("{proof}, {restarted}"))
            }
            Kind::Flushed => {
                let begin = now();
                let proof = strike::flush(&fleet.server).await;
                (begin, now(), proof)
            }
            Kind::ClockForward => {
                let begin = now();
                let proof = fleet.leap(HOUR).await;
                (begin, now(), proof)
            }
            Kind::ClockBack => {
                let begin = now();
                let proof = fleet.leap(-HOUR).await;
                (begin, now(), proof)
            }
            Kind::ClockBackKilled => {
                let leapt = fleet.leap(-HOUR).await;
                let killed = fleet.contenders[place].kill();
                (now(), now(), format!("{leapt}, {killed}"))
            }
        };
        let place = self.kind.is_of_one().then_some(place);
        Struck { kind: self.kind, place, begin, end, over: now(), proof }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_faults_again_and_another_others() {
        let of = |seed| {
            let faults = plan(seed, &Kind::all(), 5, 2, Duration::from_millis(300));
            format!("{:?}", faults.take(60).collect::<Vec<_>>())
        };
        assert_eq!(of(7), of(7));
        assert_ne!(of(7), of(8));
    }
}
