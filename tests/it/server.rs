//! A redis-server of one test's own: started, killed, stopped, restarted.

use std::ffi::OsString;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use redis::AsyncConnectionConfig;
use redis::aio::MultiplexedConnection;
use tempfile::TempDir;

/// A running server; it ends with this value.
#[derive(Debug)]
pub(crate) struct RedisServer {
    child: Option<Child>,
    folder: TempDir,
    port: u16,
    options: Options,
}

/// How a server is started.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    /// More of its own arguments; they stand above the usual ones.
    pub(crate) arguments: Vec<String>,
    pub(crate) environment: Vec<(&'static str, OsString)>,
}

impl RedisServer {
    /// Starts a server on a free port, without persistence but for an explicit `SAVE`.
    pub(crate) fn start() -> Self {
        Self::start_with(Options::default())
    }

    /// [`start`](Self::start), with options.
    pub(crate) fn start_with(options: Options) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for _ in 0..20 {
            let port = free_port();
            if let Some(child) = spawn(folder.path(), port, &options) {
                return Self { child: Some(child), folder, port, options };
            }
        }
        panic!("no redis-server could be started");
    }

    /// An address at which nobody listens, for a server that comes later.
    pub(crate) fn absent() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { child: None, folder, port: free_port(), options: Options::default() }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// The process.
    pub(crate) fn id(&self) -> u32 {
        self.child.as_ref().expect("a running server").id()
    }

    /// Ends the server as a crash would.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Starts the server again, on the same port and in the same folder.
    pub(crate) fn restart(&mut self) {
        self.kill();
        let begun = Instant::now();
        while self.child.is_none() {
            assert!(begun.elapsed() < Duration::from_secs(10), "the server does not come back");
            self.child = spawn(self.folder.path(), self.port, &self.options);
        }
    }

    /// Restarts without what was saved.
    pub(crate) fn restart_empty(&mut self) {
        self.kill();
        let _ = std::fs::remove_file(self.folder.path().join("dump.rdb"));
        let _ = std::fs::remove_dir_all(self.folder.path().join("appendonlydir"));
        self.restart();
    }

    /// Stops the server's process: connections stay open and nothing is answered.
    pub(crate) fn freeze(&self) {
        self.signal("STOP");
    }

    /// Lets the process go on.
    pub(crate) fn thaw(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").arg(format!("-{name}")).arg(self.id().to_string()).status().unwrap();
        assert!(status.success());
    }

    /// A connection of the test's own.
    pub(crate) async fn raw(&self) -> MultiplexedConnection {
        // The client's own half a second is little on a busy machine, or while commands are paused.
        let config = AsyncConnectionConfig::new().set_response_timeout(Some(Duration::from_secs(20)));
        let config = config.set_connection_timeout(Some(Duration::from_secs(20)));
        let client = redis::Client::open(self.url()).unwrap();
        client.get_multiplexed_async_connection_with_config(&config).await.unwrap()
    }

    /// Runs one command, its parts separated by spaces.
    pub(crate) async fn run<T: redis::FromRedisValue>(&self, line: &str) -> T {
        let mut parts = line.split(' ');
        let mut command = redis::cmd(parts.next().unwrap());
        parts.for_each(|part| {
            command.arg(part);
        });
        command.query_async(&mut self.raw().await).await.unwrap()
    }

    pub(crate) async fn flush(&self) {
        let _: String = self.run("FLUSHALL").await;
    }

    /// Every key.
    pub(crate) async fn keys(&self) -> Vec<Vec<u8>> {
        self.run("KEYS *").await
    }

    /// The keys that contain a text.
    pub(crate) async fn keys_with(&self, part: &str) -> Vec<String> {
        let keys = self.keys().await.into_iter().map(|key| String::from_utf8_lossy(&key).into_owned());
        keys.filter(|key| key.contains(part)).collect()
    }

    /// The keys of stored values of an entity.
    pub(crate) async fn values_of(&self, entity: &str) -> Vec<String> {
        let keys = self.keys_with(&format!(":{entity}:")).await;
        keys.into_iter().filter(|key| !key.contains('@')).collect()
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}

fn free_port() -> u16 {
    loop {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        if port != 6379 {
            return port;
        }
    }
}

/// A server that answers; `None` when it did not start.
fn spawn(folder: &Path, port: u16, options: &Options) -> Option<Child> {
    let mut child = Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        .args(["--loglevel", "warning", "--enable-debug-command", "yes", "--dir"])
        .arg(folder)
        .args(&options.arguments)
        .envs(options.environment.iter().map(|(name, value)| (name, value)))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .stdin(Stdio::null())
        .spawn()
        .expect("redis-server is installed");
    let begun = Instant::now();
    let client = redis::Client::open(format!("redis://127.0.0.1:{port}")).unwrap();
    while begun.elapsed() < Duration::from_secs(10) {
        if child.try_wait().unwrap().is_some() {
            return None;
        }
        let answer = client
            .get_connection_with_timeout(Duration::from_millis(200))
            .and_then(|mut connection| redis::cmd("INFO").arg("server").query::<String>(&mut connection));
        // Another server may have taken the port in between.
        if answer.is_ok_and(|info| info.contains(&format!("process_id:{}", child.id()))) {
            return Some(child);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let _ = child.kill();
    let _ = child.wait();
    None
}
