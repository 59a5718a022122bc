//! The fleet: one Redis, five contenders, a network of its own before each.

use std::path::Path;
use std::time::Duration;

use larder::testkit::Protection;

use crate::clock::now;
use crate::contender::{JOBS, Orders};
use crate::faults::{Kind, Struck};
use crate::leap::ServerClock;
use crate::process::{Process, until};
use crate::proxy::{Proxy, Way};
use crate::record::{Book, Line, What};
use crate::server::{Options, RedisServer};
use crate::strike;

/// How many contenders there are.
pub(crate) const PLACES: usize = 5;

/// What every contender of a round is told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    pub(crate) seed: u64,
    pub(crate) ttl: Duration,
    pub(crate) renewed: bool,
    pub(crate) without: Option<Protection>,
}

/// All that takes part in a round.
#[derive(Debug)]
pub(crate) struct Fleet {
    pub(crate) server: RedisServer,
    pub(crate) proxies: Vec<Proxy>,
    pub(crate) contenders: Vec<Process>,
    orders: Vec<Orders>,
    clock: Option<ServerClock>,
    book: Book,
    lines: Vec<Line>,
}

impl Fleet {
    /// Starts contenders over a server that forgets nothing, or over one whose clock can be set.
    pub(crate) fn start(folder: &Path, terms: Terms, clock: Option<ServerClock>) -> Self {
        let server = clock.as_ref().map_or_else(durable, ServerClock::start);
        let proxies: Vec<Proxy> = (0..PLACES).map(|_| Proxy::before(server.port())).collect();
        let book = folder.join("book");
        let Terms { seed, ttl, renewed, without } = terms;
        let orders = proxies.iter().enumerate().map(|(place, proxy)| {
            let (url, book) = (proxy.url(), book.clone());
            Orders { url, book, place, life: 0, seed, ttl, renewed, without }
        });
        let orders: Vec<Orders> = orders.collect();
        let book = Book::open(&book);
        let contenders = orders.iter().map(start).collect();
        Self { server, proxies, contenders, orders, clock, book, lines: Vec::new() }
    }

    /// Ends every contender in order; returns what all of them wrote.
    pub(crate) fn end(mut self) -> Vec<Line> {
        self.contenders.iter_mut().enumerate().for_each(|(place, contender)| contender.end(&format!("place {place}")));
        self.look();
        self.lines
    }

    /// Starts another process where one was killed.
    fn replace(&mut self, place: usize) {
        self.orders[place].life += 1;
        self.contenders[place] = start(&self.orders[place]);
    }

    fn look(&mut self) {
        self.lines.extend(self.book.more());
    }

    /// Who gave the last sign of leading since a time, of these.
    fn sign_since(&mut self, job: usize, since: u64, signs: &[What]) -> Option<Line> {
        self.look();
        let lines = self.lines.iter().rev().take(1_000).filter(|line| line.at > since && line.term.job == job);
        lines.copied().find(|line| signs.contains(&line.what))
    }

    /// The place of the process that leads.
    pub(crate) async fn leader(&mut self, job: usize) -> usize {
        let (asked, mut place) = (now(), 0);
        until("a leader to strike", async || {
            let sign = self.sign_since(job, asked, &[What::Begin, What::Beat]);
            place = sign.map_or(0, |line| line.term.place);
            sign.is_some()
        })
        .await;
        place
    }

    /// Waits until every lease is led again after a fault, and puts another process where one was killed.
    pub(crate) async fn recover(&mut self, struck: &Struck) {
        // What strikes all is over first; what is stopped or silent alone is in nobody's way.
        let since = if struck.kind.is_of_one() { struck.begin } else { struck.over };
        if matches!(struck.kind, Kind::ClockBack | Kind::ClockBackKilled) {
            // A clock that is set forward again between two heartbeats is not seen to leap.
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        // Where Redis let go what is still held, it is another term that tells that all is well.
        let signs: &[What] =
            if struck.kind == Kind::ClockForward { &[What::Begin] } else { &[What::Begin, What::Beat] };
        for job in 0..JOBS {
            until("leadership comes back", async || self.sign_since(job, since, signs).is_some()).await;
        }
        if let (Kind::Killed | Kind::ClockBackKilled, Some(place)) = (struck.kind, struck.place) {
            self.replace(place);
        }
    }

    /// Holds back what goes these ways between processes and Redis, and lets it through again.
    pub(crate) async fn hold(&self, places: &[usize], ways: &[Way], lasts: Duration) -> (u64, u64, String) {
        let proxies: Vec<&Proxy> = places.iter().map(|place| &self.proxies[*place]).collect();
        strike::hold_back(&proxies, ways).await;
        let begin = now();
        tokio::time::sleep(lasts).await;
        let end = now();
        (begin, end, strike::let_through(&proxies))
    }

    /// Pauses commands, for as long as a write is seen to wait.
    pub(crate) async fn pause(&self, lasts: Duration, which: &str) -> (u64, u64, String) {
        let begin = now();
        let proof = strike::pause(&self.server, lasts, which).await;
        (begin, now(), proof)
    }

    /// Kills Redis, which comes back with what it had.
    pub(crate) async fn restart_server(&mut self, lasts: Duration) -> (u64, u64, String) {
        let before = strike::run_id(&self.server).await;
        self.server.kill();
        let begin = now();
        tokio::time::sleep(lasts).await;
        let end = now();
        self.server.restart();
        until("what it had is loaded", async || {
            self.server.run::<String>("INFO persistence").await.contains("\r\nloading:0")
        })
        .await;
        let after = strike::run_id(&self.server).await;
        assert_ne!(before, after, "the same server");
        let keys: u64 = self.server.run("DBSIZE").await;
        assert!(keys > 0, "it forgot everything");
        (begin, end, format!("run {} then {}, {keys} keys", &before[..8], &after[..8]))
    }

    /// Sets the server's clock.
    pub(crate) async fn leap(&mut self, seconds: i64) -> String {
        self.clock.as_mut().expect("a server whose clock can be set").set(seconds, &self.server).await
    }
}

/// A server that remembers whatever it has answered, when its process is killed. It waits for no disk: only a machine that
/// fails would forget what the kernel was given.
fn durable() -> RedisServer {
    let arguments = ["--appendonly", "yes", "--appendfsync", "no"].map(str::to_owned).to_vec();
    RedisServer::start_with(Options { arguments, ..Options::default() })
}

fn start(orders: &Orders) -> Process {
    Process::start("contender::the_contender", orders.to_variables())
}
