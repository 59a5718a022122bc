//! One server process with arguments of a test's own; the test itself talks to it over a unix socket.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use redis::AsyncConnectionConfig;
use redis::aio::MultiplexedConnection;
use tempfile::TempDir;

use crate::support::SOON;

/// A running server; it ends with this value.
#[derive(Debug)]
pub(crate) struct Process {
    child: Option<Child>,
    folder: TempDir,
    port: u16,
    arguments: Vec<String>,
}

impl Process {
    /// Starts a server; `arguments` are made for its port and its folder.
    pub(crate) fn start(arguments: impl Fn(u16, &Path) -> Vec<String>) -> Self {
        for _ in 0..20 {
            let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
            let arguments = arguments(port, folder.path());
            let mut process = Self { child: None, folder, port, arguments };
            if process.spawn() {
                return process;
            }
        }
        panic!("no server could be started");
    }

    /// A server that takes values and forgets them at its end.
    pub(crate) fn plain(more: &[&str]) -> Self {
        Self::start(|port, _| {
            let own = ["--port".to_owned(), port.to_string()];
            own.into_iter().chain(more.iter().map(|argument| (*argument).to_owned())).collect()
        })
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("s")
    }

    /// Ends the server as a crash would.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Starts the server again, as it was started first.
    pub(crate) fn restart(&mut self) {
        self.kill();
        let begun = Instant::now();
        while !self.spawn() {
            assert!(begun.elapsed() < SOON, "the server does not come back");
        }
    }

    pub(crate) fn freeze(&self) {
        self.signal("STOP");
    }

    fn signal(&self, name: &str) {
        let id = self.child.as_ref().expect("a running server").id();
        assert!(Command::new("kill").arg(format!("-{name}")).arg(id.to_string()).status().unwrap().success());
    }

    /// A connection of the test's own.
    pub(crate) async fn raw(&self) -> MultiplexedConnection {
        let url = format!("unix://{}", self.socket().display());
        let patient = AsyncConnectionConfig::new().set_connection_timeout(Some(SOON)).set_response_timeout(Some(SOON));
        redis::Client::open(url).unwrap().get_multiplexed_async_connection_with_config(&patient).await.unwrap()
    }

    /// Runs one command, its parts separated by spaces.
    pub(crate) async fn run<T: redis::FromRedisValue>(&self, line: &str) -> T {
        self.try_run(line).await.unwrap()
    }

    /// Runs one command that may be refused.
    pub(crate) async fn try_run<T: redis::FromRedisValue>(&self, line: &str) -> redis::RedisResult<T> {
        let mut parts = line.split(' ');
        let mut command = redis::cmd(parts.next().unwrap());
        parts.for_each(|part| {
            command.arg(part);
        });
        command.query_async(&mut self.raw().await).await
    }

    /// Starts the process and waits until it answers.
    fn spawn(&mut self) -> bool {
        let socket = self.socket();
        let _ = std::fs::remove_file(&socket);
        let mut child = Command::new("redis-server")
            .args(&self.arguments)
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--unixsocket"])
            .arg(&socket)
            .arg("--dir")
            .arg(self.folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .stdin(Stdio::null())
            .spawn()
            .expect("redis-server is installed");
        let client = redis::Client::open(format!("unix://{}", socket.display())).unwrap();
        let begun = Instant::now();
        while begun.elapsed() < SOON {
            if child.try_wait().unwrap().is_some() {
                return false;
            }
            let answer = client
                .get_connection_with_timeout(Duration::from_millis(200))
                .and_then(|mut connection| redis::cmd("PING").query::<String>(&mut connection));
            if answer.is_ok() {
                self.child = Some(child);
                return true;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        let _ = child.kill();
        let _ = child.wait();
        false
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A port that nobody listens at, and that was not given to another server of this test.
pub(crate) fn free_port() -> u16 {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    loop {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        if port != 6379 && GIVEN.lock().unwrap().insert(port) {
            return port;
        }
    }
}
