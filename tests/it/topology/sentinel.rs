//! One master, two replicas, three sentinels, and a failover.

use std::time::{Duration, Instant};

use larder::{ErrorKind, Larder};

use super::process::Process;
use super::rows::Rows;
use crate::node::Node;
use crate::support::{SOON, connected, disconnected, eventually_async};

struct Watched {
    servers: Vec<Process>,
    sentinels: Vec<Process>,
}

impl Watched {
    async fn start() -> Self {
        let master = Process::plain(&[]);
        let follow = format!("127.0.0.1 {}", master.port());
        let port = master.port().to_string();
        let mut servers = vec![master];
        servers.extend((0..2).map(|_| Process::plain(&["--replicaof", "127.0.0.1", &port])));
        for server in &servers[1..] {
            eventually_async(SOON, "a replica", async || {
                server.run::<String>("INFO replication").await.contains("master_link_status:up")
            })
            .await;
        }
        let sentinels = (0..3).map(|_| sentinel(&follow)).collect();
        let watched = Self { servers, sentinels };
        for sentinel in &watched.sentinels {
            eventually_async(SOON, "sentinels that know all", async || {
                let info: String = sentinel.run("INFO sentinel").await;
                info.contains("slaves=2,sentinels=3")
            })
            .await;
        }
        watched
    }

    fn addresses(&self) -> Vec<String> {
        self.sentinels.iter().map(Process::endpoint).collect()
    }

    fn builder(&self) -> larder::Builder {
        Larder::builder().ignore_environment().namespace("it").redis_sentinel("mymaster", self.addresses())
    }
}

fn sentinel(master: &str) -> Process {
    Process::start(|port, folder| {
        let file = folder.join("sentinel.conf");
        let text = format!(
            "port {port}\nsentinel monitor mymaster {master} 2\nsentinel down-after-milliseconds mymaster 500\n\
             sentinel failover-timeout mymaster 3000\n"
        );
        std::fs::write(&file, text).unwrap();
        vec![file.display().to_string(), "--sentinel".to_owned()]
    })
}

/// Which of the servers is the master, as a sentinel says.
async fn master(watched: &Watched) -> usize {
    let (_, port): (String, u16) = watched.sentinels[0].run("SENTINEL get-master-addr-by-name mymaster").await;
    watched.servers.iter().position(|server| server.port() == port).expect("one of the servers")
}

#[tokio::test]
async fn ends_made_before_during_and_after_a_failover_are_never_lost() {
    let mut watched = Watched::start().await;
    let (a, b) = (watched.builder().build().await.unwrap(), watched.builder().build().await.unwrap());
    connected(&a).await;
    connected(&b).await;
    let rows = Rows::new(50);
    assert_eq!(rows.stale(&b).await, 0);
    for id in 0..rows.len() {
        rows.change(&a, id).await;
    }
    rows.settled(&a, &b).await;
    let first = master(&watched).await;
    watched.servers[first].kill();
    // Ends are made without a pause until both are linked to the server that took over.
    let begun = Instant::now();
    let mut down = false;
    for id in (0..rows.len()).cycle() {
        rows.change(&a, id).await;
        down |= !a.stats().redis.connected && !b.stats().redis.connected;
        if down && a.stats().redis.connected && b.stats().redis.connected {
            break;
        }
        assert!(begun.elapsed() < 3 * SOON, "no failover: {:?}", a.health().await);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_ne!(master(&watched).await, first);
    rows.settled(&a, &b).await;
    for id in 0..rows.len() {
        rows.change(&b, id).await;
    }
    rows.settled(&b, &a).await;
    let c = watched.builder().build().await.unwrap();
    assert_eq!(rows.stale(&c).await, 0, "a new process reads what Redis kept");
    // The former master comes back as one, until the sentinels say otherwise.
    watched.servers[first].restart();
    rows.change(&a, 0).await;
    rows.settled(&a, &b).await;
}

#[tokio::test]
async fn a_failover_that_was_asked_for_loses_nothing_either() {
    let watched = Watched::start().await;
    let (a, b) = (watched.builder().build().await.unwrap(), watched.builder().build().await.unwrap());
    connected(&a).await;
    connected(&b).await;
    let rows = Rows::new(20);
    rows.stale(&b).await;
    let first = master(&watched).await;
    let _: String = watched.sentinels[1].run("SENTINEL FAILOVER mymaster").await;
    let begun = Instant::now();
    let linked = |larder: &Larder| larder.stats().redis.connects > 1 && larder.stats().redis.connected;
    for id in (0..rows.len()).cycle() {
        rows.change(&a, id).await;
        if linked(&a) && linked(&b) && master(&watched).await != first {
            break;
        }
        assert!(begun.elapsed() < 3 * SOON, "no failover: {:?}", a.health().await);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    rows.settled(&a, &b).await;
}

#[tokio::test]
async fn sentinels_that_are_away_or_know_no_such_master_are_named() {
    let mut watched = Watched::start().await;
    let wrong = watched.builder().redis_sentinel("another", watched.addresses()).build().await.unwrap();
    let fault = wrong.health().await.fault.unwrap_or_default();
    assert!(fault.contains("no master of this name"), "{fault}");
    // One sentinel is enough.
    watched.sentinels[0].kill();
    watched.sentinels[1].freeze();
    let larder = watched.builder().build().await.unwrap();
    connected(&larder).await;
    watched.sentinels[2].kill();
    let away = watched.builder().build().await.unwrap();
    disconnected(&away).await;
    assert!(larder.stats().redis.connected, "a link needs no sentinel");
}

#[tokio::test]
async fn the_environment_names_sentinels_and_what_is_half_named_is_refused() {
    let watched = Watched::start().await;
    let addresses = watched.addresses().join(", ");
    let mut node = Node::with(&[("LARDER_REDIS_MASTER", "mymaster"), ("LARDER_REDIS_SENTINELS", &addresses)]);
    assert_eq!(node.ask("connected"), "connected");
    let mut half = Node::with(&[("LARDER_REDIS_MASTER", "mymaster")]);
    let text = half.ask("build");
    assert!(text.contains("LARDER_REDIS_SENTINELS"), "{text}");
    for builder in [
        Larder::builder().redis_sentinel("", ["h"]),
        Larder::builder().redis_sentinel("m", Vec::<String>::new()),
        Larder::builder().redis_sentinel("m", ["unix:///tmp/s"]),
        Larder::builder().redis_sentinel("m", ["h"]).redis_cluster(["h"]),
    ] {
        let error = builder.ignore_environment().build().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
    }
}
