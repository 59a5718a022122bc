//! The second process of the tour: it reads the same registry, and answers the first one's questions over its pipes.

use std::env;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant, SystemTime};

use larder_example_registry::{Db, Entity as _, Filter, Tool, Viewer};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines, stdin};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::{task, time};

use crate::origin::{Before, Origin};
use crate::table::say;
use crate::{ADMIN, Failure};

/// Either side gives up after this: it bounds the tour when something is broken, and orders nothing.
const PATIENCE: Duration = Duration::from_secs(10);

/// A question, one JSON line on the second process's input.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Ask {
    /// List the tools once.
    List,
    /// List the tools over and over until there is one of this name; the first answer comes before it does.
    Until { name: String },
}

/// What the second process saw, one JSON line on its output.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Seen {
    pub(crate) names: Vec<String>,
    pub(crate) origin: Origin,
    pub(crate) time: Duration,
    pub(crate) at: SystemTime,
    /// How many reads it took.
    pub(crate) reads: u64,
}

/// What the second process does: it answers until its input ends.
pub(crate) async fn answer(db: Db) -> Result<(), Failure> {
    let viewer = Viewer::of(&db, Some(ADMIN)).await?;
    let mut questions = BufReader::new(stdin()).lines();
    while let Some(question) = questions.next_line().await? {
        match serde_json::from_str(&question)? {
            Ask::List => tell(&list(&db, &viewer).await?)?,
            Ask::Until { name } => {
                tell(&list(&db, &viewer).await?)?;
                let seen = time::timeout(PATIENCE, until(&db, &viewer, &name)).await;
                tell(&seen.map_err(|_| format!("{name} was not seen within {PATIENCE:?}"))??)?;
            }
        }
    }
    Ok(())
}

async fn list(db: &Db, viewer: &Viewer) -> Result<Seen, Failure> {
    let before = Before::now(db);
    let start = Instant::now();
    let page = Tool::list(viewer, &Filter::default()).await?;
    let (time, at) = (start.elapsed(), SystemTime::now());
    let names = page.items.iter().map(|tool| tool.name.clone()).collect();
    Ok(Seen { names, origin: before.origin(db), time, at, reads: 1 })
}

async fn until(db: &Db, viewer: &Viewer, name: &str) -> Result<Seen, Failure> {
    let mut reads = 0;
    loop {
        let seen = list(db, viewer).await?;
        reads += seen.reads;
        if seen.names.iter().any(|seen| seen == name) {
            return Ok(Seen { reads, ..seen });
        }
        task::yield_now().await;
    }
}

fn tell(seen: &Seen) -> Result<(), Failure> {
    Ok(say(&serde_json::to_string(seen)?)?)
}

/// The first process's side of the pipes. Dropping it ends the second process.
pub(crate) struct Second {
    process: Child,
    questions: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Second {
    /// Starts this program once more.
    pub(crate) fn start(database: &Path, namespace: &str) -> Result<Self, Failure> {
        let mut process = Command::new(env::current_exe()?)
            .arg("second")
            .arg(database)
            .arg(namespace)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let questions = process.stdin.take().ok_or("the second process has no input")?;
        let answers = process.stdout.take().ok_or("the second process has no output")?;
        Ok(Self { process, questions, answers: BufReader::new(answers).lines() })
    }

    pub(crate) async fn ask(&mut self, question: &Ask) -> Result<Seen, Failure> {
        self.questions.write_all(format!("{}\n", serde_json::to_string(question)?).as_bytes()).await?;
        self.questions.flush().await?;
        self.hear().await
    }

    /// The next answer.
    pub(crate) async fn hear(&mut self) -> Result<Seen, Failure> {
        let line = time::timeout(2 * PATIENCE, self.answers.next_line()).await;
        let line = line.map_err(|_| "the second process does not answer")??;
        Ok(serde_json::from_str(&line.ok_or("the second process ended too early")?)?)
    }

    /// Ends the second process in peace.
    pub(crate) async fn end(self) -> Result<(), Failure> {
        let Self { mut process, questions, .. } = self;
        drop(questions);
        let status = time::timeout(PATIENCE, process.wait()).await.map_err(|_| "the second process does not end")??;
        if status.success() { Ok(()) } else { Err(format!("the second process failed: {status}").into()) }
    }
}
