//! A server whose clock a test sets: a small library, compiled here, lies between redis-server and the time of day.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::process::Command;

use tempfile::TempDir;

use crate::server::{Options, RedisServer};

/// The clock of one server.
#[derive(Debug)]
pub(crate) struct ServerClock {
    folder: TempDir,
    ahead: File,
    seconds: i64,
}

impl ServerClock {
    /// Compiles the library. Rust links with a C compiler here, so there is one.
    pub(crate) fn build() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/leaders/leap.c");
        let mut compile = Command::new("cc");
        compile.args(["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o"]);
        let status = compile.arg(folder.path().join("leap.so")).arg(source).status().expect("a C compiler named `cc`");
        assert!(status.success(), "{source}: {status}");
        let path = folder.path().join("ahead");
        std::fs::write(&path, 0_i64.to_ne_bytes()).unwrap();
        let ahead = File::options().write(true).open(&path).unwrap();
        Self { folder, ahead, seconds: 0 }
    }

    /// Starts a server by this clock.
    pub(crate) fn start(&self) -> RedisServer {
        let of = |name: &str| self.folder.path().join(name).into_os_string();
        let environment = vec![("LD_PRELOAD", of("leap.so")), ("LEADERS_LEAP", of("ahead"))];
        RedisServer::start_with(Options { environment, ..Options::default() })
    }

    /// Sets the clock, and sees that the server lives by it.
    pub(crate) async fn set(&mut self, by: i64, server: &RedisServer) -> String {
        let (before, _): (i64, i64) = server.run("TIME").await;
        self.seconds += by;
        self.ahead.write_all_at(&self.seconds.to_ne_bytes(), 0).unwrap();
        let (after, _): (i64, i64) = server.run("TIME").await;
        assert!((after - before - by).abs() <= 5, "TIME said {before}, then {after}");
        format!("TIME said {before}, then {after}")
    }
}
