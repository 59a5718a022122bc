//! What a fault can strike: a server, the way of one instance to it, and two instances.

use larder::Larder;
use redis::aio::MultiplexedConnection;

use crate::proxy::Proxy;
use crate::server::RedisServer;
use crate::support::connected;

/// The server, and the way to it.
#[derive(Debug)]
pub(super) struct World {
    pub(super) server: RedisServer,
    /// Before the server, for one of the instances alone.
    pub(super) proxy: Proxy,
    /// A connection made before the fault: some faults let nobody in.
    pub(super) admin: MultiplexedConnection,
}

impl World {
    pub(super) async fn new() -> Self {
        let server = RedisServer::start();
        let (proxy, admin) = (Proxy::before(server.port()), server.raw().await);
        Self { server, proxy, admin }
    }

    /// The instance behind the proxy, and the one beside it.
    pub(super) async fn instances(&self, login: &str) -> [Larder; 2] {
        let (a, b) = (at(&self.proxy.url(), login).await, at(&self.server.url(), login).await);
        connected(&a).await;
        connected(&b).await;
        [a, b]
    }

    /// A process that comes later.
    pub(super) async fn newcomer(&self, login: &str) -> Larder {
        let larder = at(&self.server.url(), login).await;
        connected(&larder).await;
        larder
    }

    /// What the server answers to one command, its parts separated by spaces: an error is an answer.
    pub(super) async fn answer(&mut self, line: &str) -> Result<redis::Value, String> {
        let mut parts = line.split(' ');
        let mut command = redis::cmd(parts.next().unwrap());
        parts.for_each(|part| {
            command.arg(part);
        });
        command.query_async(&mut self.admin).await.map_err(|error| error.code().unwrap_or("IO").to_owned())
    }

    /// Runs a command that must work.
    pub(super) async fn run(&mut self, line: &str) {
        self.answer(line).await.unwrap_or_else(|code| panic!("{line}: {code}"));
    }

    /// Closes every connection but this one's.
    pub(super) async fn drop_clients(&mut self) {
        self.run("CLIENT KILL TYPE normal SKIPME yes").await;
        self.run("CLIENT KILL TYPE pubsub SKIPME yes").await;
    }

    /// A number that `INFO` shows.
    pub(super) async fn info(&mut self, field: &str) -> u64 {
        let text: String = redis::cmd("INFO").query_async(&mut self.admin).await.unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        line.unwrap().trim().parse().unwrap()
    }
}

async fn at(url: &str, login: &str) -> Larder {
    let url = url.replace("redis://", &format!("redis://{login}"));
    Larder::builder().ignore_environment().redis(url).namespace("it").build().await.unwrap()
}
