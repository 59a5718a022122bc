//! A process that a test starts: the test's own binary, signalled and ended, each with proof.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

use rustix::process::{Pid, Signal};

/// How long anything that must happen soon may take on a busy machine.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// What a process says when it begins to work.
pub(crate) const READY: &str = "@@ ready";

/// A running process; it ends with this value.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
}

impl Process {
    /// Runs the ignored test of this name; returns when it says that it is ready.
    pub(crate) fn start(test: &str, variables: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", test, "--nocapture", "--include-ignored", "--test-threads=1"]);
        command.envs(variables);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (sender, ready) = channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                // The harness writes the name of the test before the first line.
                if line.ends_with(READY) {
                    let _ = sender.send(());
                }
            }
        });
        ready.recv_timeout(SOON).expect("a process that begins");
        Self { child }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let id = Pid::from_raw(i32::try_from(self.id()).unwrap()).unwrap();
        rustix::process::kill_process(id, signal).unwrap();
    }

    pub(crate) fn kill(&mut self) -> String {
        self.child.kill().unwrap();
        let status = self.child.wait().unwrap();
        assert_eq!(status.signal(), Some(9), "it had ended by itself");
        format!("process {} ended by signal 9", self.id())
    }

    /// Lets the process finish what it does, and fails if it fails.
    pub(crate) fn end(&mut self, name: &str) {
        drop(self.child.stdin.take());
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{name}: {status}");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// In such a process: calls this when the parent lets it finish. The parent writes nothing, so a line that comes to an
/// end is the end.
pub(crate) fn at_the_end(finish: impl FnOnce() + Send + 'static) {
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_line(&mut String::new());
        finish();
    });
}

/// Waits until a process is seen stopped.
pub(crate) async fn stopped(id: u32) -> String {
    until("a process in state T", async || {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
        stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T'))
    })
    .await;
    format!("process {id} in state T")
}

/// Waits until a condition holds.
pub(crate) async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let waited = tokio::time::timeout(SOON, async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    waited.await.unwrap_or_else(|_| panic!("the fault did not land, or its end did not: {what}"));
}
