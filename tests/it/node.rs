//! A second process: the test binary itself, told by lines on stdin what to do.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::LazyLock;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use larder::{Larder, LeaderGate, invalidates, leader, ttl_cached};
use rustix::process::{Pid, Signal};

use crate::support::{Gate, Source, connected};

/// The variable that makes a process a node.
const ROLE: &str = "LARDER_IT_ROLE";
/// Marks the lines that are answers.
const MARK: &str = "@@ ";

/// What the bodies of this process read.
pub(crate) static SOURCE: LazyLock<Source> = LazyLock::new(Source::default);

/// What the bodies of the extension crate read in this process.
static ORIGIN: LazyLock<metadata_extension::Origin> = LazyLock::new(Default::default);

#[ttl_cached(entity = "shared")]
pub(crate) async fn shared(id: u64) -> u64 {
    SOURCE.read() + id
}

#[ttl_cached(entity = "tools")]
pub(crate) async fn tools(id: u64) -> u64 {
    SOURCE.read() + id
}

/// What a write waits for before it commits.
static COMMIT: LazyLock<Gate> = LazyLock::new(Gate::default);

/// Writes a row, as the test says line by line, and stands still behind the commit.
#[invalidates("rows", "row:of:0", phase = around, max_txn = "2s")]
async fn write_around(folder: &Path) {
    write_and_stop(folder).await;
}

#[invalidates("rows", "row:of:0")]
async fn write_after(folder: &Path) {
    write_and_stop(folder).await;
}

async fn write_and_stop(folder: &Path) {
    answer("inside");
    COMMIT.pass().await;
    crate::around::commit_row(folder, 2);
    answer("committed");
    std::future::pending::<()>().await;
}

#[leader("fleet", ttl = "2s", renew = true)]
async fn lead_for_ever() {
    answer("leading");
    std::future::pending::<()>().await;
}

/// A process with an instance of its own.
#[derive(Debug)]
pub(crate) struct Node {
    child: Child,
    stdin: ChildStdin,
    answers: Receiver<String>,
    errors: Receiver<String>,
}

impl Node {
    /// Starts a node over a server.
    pub(crate) fn over(url: &str) -> Self {
        Self::with(&[("LARDER_REDIS_URL", url), ("LARDER_NAMESPACE", "it")])
    }

    /// Starts a node with these variables.
    pub(crate) fn with(variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "node::the_other_side", "--nocapture", "--include-ignored", "--test-threads=1"]);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("LARDER_")) {
            command.env_remove(name);
        }
        command.env(ROLE, "node").envs(variables.iter().copied());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdin = child.stdin.take().unwrap();
        let answers = lines(child.stdout.take().unwrap(), MARK);
        let errors = lines(child.stderr.take().unwrap(), "");
        Self { child, stdin, answers, errors }
    }

    /// Sends a line and waits for its answer.
    pub(crate) fn ask(&mut self, line: &str) -> String {
        self.tell(line);
        self.answer()
    }

    /// Sends a line.
    pub(crate) fn tell(&mut self, line: &str) {
        writeln!(self.stdin, "{line}").unwrap();
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let id = Pid::from_raw(i32::try_from(self.id()).unwrap()).unwrap();
        rustix::process::kill_process(id, signal).unwrap();
    }

    /// Waits for the next answer.
    pub(crate) fn answer(&self) -> String {
        self.answers.recv_timeout(Duration::from_secs(60)).expect("an answer of the other process")
    }

    /// The next answer, if it is there.
    pub(crate) fn answered(&self) -> Option<String> {
        self.answers.try_recv().ok()
    }

    /// Ends the process as a crash would.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Ends the process, and returns what it wrote to stderr.
    pub(crate) fn stderr(mut self) -> Vec<String> {
        self.ask("end");
        let _ = self.child.wait();
        self.errors.iter().collect()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}

fn lines(from: impl std::io::Read + Send + 'static, mark: &'static str) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            // The test harness writes the name of the test before its first line.
            if let Some(at) = line.find(mark)
                && sender.send(line[at + mark.len()..].to_owned()).is_err()
            {
                return;
            }
        }
    });
    receiver
}

pub(crate) fn answer(text: impl std::fmt::Display) {
    println!("{MARK}{}", text.to_string().replace('\n', " "));
}

/// What a node does with a line.
async fn obey(larder: Option<&Larder>, line: &str) {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    match word {
        "build" => match Larder::builder().build().await {
            Ok(_) => answer("built"),
            Err(error) => answer(format!("{error} / {error:?}")),
        },
        "set" => {
            SOURCE.set(rest.parse().unwrap());
            answer("set");
        }
        "runs" => answer(SOURCE.runs()),
        "shared" => answer(shared(rest.parse().unwrap()).await),
        "tools" => answer(tools(rest.parse().unwrap()).await),
        "write-around" => apart(write_around, rest),
        "write-after" => apart(write_after, rest),
        "commit" => COMMIT.open(),
        "fenced-pause" => apart(crate::fencing::pause, rest),
        "fenced-fight" => apart(crate::fencing::fight, rest),
        "fenced-write" => crate::fencing::WRITE.open(),
        "after" => answer(larder::after(&serde_json::from_str(rest).unwrap()).await.is_applied()),
        "invalidate" => answer(larder::invalidate(rest).await.unwrap().is_applied()),
        "connected" => {
            connected(larder.unwrap()).await;
            answer("connected");
        }
        "lead" => {
            lead_for_ever().await;
            answer("not leading");
        }
        "acquire" => match LeaderGate::new("fleet").ttl(Duration::from_secs(2)).acquire().await.unwrap() {
            Some(lease) => {
                answer(lease.token());
                lease.release().await.unwrap();
            }
            None => answer("taken"),
        },
        "extended" if rest == "runs" => answer(ORIGIN.runs()),
        "extended" => {
            let config = metadata_extension::Config { commit: rest.to_owned(), issuer: "issuer".to_owned() };
            let shown = metadata_extension::metadata(&config, &ORIGIN, "a.example").await;
            answer(format!("{} providers", shown.base.providers));
        }
        "record" => answer(crate::record::obey(rest).await),
        "tenants" => crate::tenants::obey(rest),
        "well-known" => crate::well_known::obey(rest),
        "repository" => {
            let opened = larder_example_well_known::git::Repository::open(Path::new(rest)).await;
            answer(opened.map_or_else(|error| error.to_string(), |_| "opened".to_owned()));
        }
        "resident" => answer(crate::bounded::resident()),
        "survivors" => answer(crate::bounded::survivors().await),
        "meet" => answer(crate::bounded::meet_many_names().await),
        "alone" => answer(without_io()),
        "end" => {
            answer("ended");
            std::process::exit(0);
        }
        other => panic!("not a command: {other}"),
    }
}

/// Begins a write on a thread of its own, so that this one goes on to obey.
fn apart(write: impl AsyncFn(&Path) + Send + 'static, folder: &str) {
    let folder = PathBuf::from(folder);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(write(&folder));
    });
}

/// Calls cached functions from a tokio runtime that has neither timers nor I/O.
fn without_io() -> u64 {
    let calls = std::thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async { shared(1).await + shared(2).await + shared(1).await })
    });
    calls.join().unwrap()
}

#[test]
#[ignore = "the other side of tests with two processes"]
fn the_other_side() {
    if std::env::var(ROLE).is_err() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let larder = Larder::builder().build().await.ok();
        if let Some(larder) = &larder {
            larder.install().unwrap();
        }
        for line in std::io::stdin().lines().map_while(Result::ok) {
            obey(larder.as_ref(), &line).await;
        }
    });
}
