//! The git repository, through the `git` command: what a commit holds, and new commits.
//!
//! The command, and not a library: a service asks it only when there is a new commit, it reads every format of repository
//! that there is, and the libraries are larger than all the rest of this service.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use larder::HexSha;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::{task, time};

use crate::head::{self, Head};

/// No question takes longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Commits made here are the same under every user.
const COMMITS: [&str; 6] = [
    "user.name=well_known",
    "user.email=well_known@localhost",
    "commit.gpgsign=false",
    "core.autocrlf=false",
    "core.hooksPath=/dev/null",
    "gc.auto=0",
];

/// The hash of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit(String);

impl Commit {
    /// `None` where this is no hash.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let is_hash = [40, 64].contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_hash.then(|| Self(text.to_ascii_lowercase()))
    }

    /// The hash in hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Commit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HexSha for Commit {
    fn hexsha(&self) -> &str {
        &self.0
    }
}

/// Why git could not be asked.
#[derive(Debug)]
pub enum Error {
    /// There is no `git`.
    Missing,
    /// It was not done in time.
    Slow(&'static str),
    /// It said no; what it wrote is for the log.
    Refused(&'static str, String),
    /// It could not be run, or the repository not be read.
    Io(io::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str(
                "there is no `git` on the PATH: install it (Debian: `apt-get install git`) and start the service again",
            ),
            Self::Slow(word) => {
                write!(f, "`git {word}` did not end within {PATIENCE:?}: look at the load and the disk of this machine")
            }
            Self::Refused(word, said) => write!(f, "`git {word}` failed: {said}; run `git fsck` in the repository"),
            Self::Io(error) => write!(f, "the repository cannot be read: {error}; check its path and who may read it"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            _ => None,
        }
    }
}

/// A repository on disk; it may not be there yet.
#[derive(Clone, Debug)]
pub struct Repository {
    folder: PathBuf,
}

impl Repository {
    /// A repository that somebody else looks after: a checkout, or a bare one. It may appear later.
    ///
    /// # Errors
    ///
    /// There is no `git`.
    pub async fn open(folder: &Path) -> Result<Self, Error> {
        let repository = Self { folder: folder.to_owned() };
        repository.run("--version", &[], b"").await?;
        Ok(repository)
    }

    /// A new repository, empty.
    ///
    /// # Errors
    ///
    /// There is no `git`, or it cannot write there.
    pub async fn create(folder: &Path) -> Result<Self, Error> {
        std::fs::create_dir_all(folder).map_err(Error::Io)?;
        let repository = Self::open(folder).await?;
        repository.run("init", &["--quiet", "--initial-branch=main", "."], b"").await?;
        Ok(repository)
    }

    /// Writes these files and commits the whole folder.
    ///
    /// # Errors
    ///
    /// The files cannot be written, or nothing in them is new.
    pub async fn commit<T: AsRef<[u8]> + Sync>(&self, message: &str, files: &[(&str, T)]) -> Result<Commit, Error> {
        for (path, content) in files {
            let path = self.folder.join(path);
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent).map_err(Error::Io)?;
            }
            std::fs::write(path, content).map_err(Error::Io)?;
        }
        self.run("add", &["--all"], b"").await?;
        self.run("commit", &["--quiet", "--message", message], b"").await?;
        self.resolve().await?.ok_or_else(|| Error::Refused("commit", "there is no HEAD behind it".to_owned()))
    }

    /// What `HEAD` is now; `None` where nothing was committed yet.
    ///
    /// Two small files are read, each time: a timer would see a commit late, and a file's time of change is too coarse to see
    /// two commits in a row. git is asked only where references are kept in another way.
    ///
    /// # Errors
    ///
    /// The repository cannot be read.
    pub async fn head(&self) -> Result<Option<Commit>, Error> {
        let folder = self.folder.clone();
        let head = task::spawn_blocking(move || head::read(&folder)).await;
        match head.map_err(io::Error::other).flatten().map_err(Error::Io)? {
            Head::At(commit) => Ok(Some(commit)),
            Head::Unborn => Ok(None),
            Head::Elsewhere => self.resolve().await,
        }
    }

    async fn resolve(&self) -> Result<Option<Commit>, Error> {
        match self.run("rev-parse", &["--quiet", "--verify", "HEAD"], b"").await {
            Ok(said) => Ok(Commit::read(String::from_utf8_lossy(&said).trim_end())),
            // It says nothing where there is no such commit, and something where there is another trouble.
            Err(Error::Refused(_, said)) if said.is_empty() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The files of a commit, in the order of their paths; `None` for those that it does not have.
    ///
    /// # Errors
    ///
    /// The commit itself cannot be read.
    pub(crate) async fn files(&self, commit: &Commit, paths: &[&str]) -> Result<Vec<Option<Vec<u8>>>, Error> {
        let unclear = || Error::Refused("cat-file", format!("commit {commit} cannot be read whole"));
        let asked: String = paths.iter().map(|path| format!("{commit}:{path}\n")).collect();
        // The commit first: where it is not there yet, nothing is known of its files.
        let said = self.run("cat-file", &["--batch"], format!("{commit}^{{commit}}\n{asked}").as_bytes()).await?;
        let mut objects = objects(&said).ok_or_else(unclear)?.into_iter();
        objects.next().flatten().ok_or_else(unclear)?;
        let files: Vec<_> = objects.map(|object| object.map(<[u8]>::to_vec)).collect();
        if files.len() == paths.len() { Ok(files) } else { Err(unclear()) }
    }

    /// The commits before this one, the latest first, along the branch that it was made on.
    pub(crate) async fn before(&self, commit: &Commit, most: usize) -> Result<Vec<Commit>, Error> {
        let most = format!("--max-count={most}");
        let said = self.run("rev-list", &["--first-parent", "--skip=1", &most, commit.as_str(), "--"], b"").await?;
        Ok(String::from_utf8_lossy(&said).lines().filter_map(Commit::read).collect())
    }

    /// Runs one command of git, and returns what it said.
    async fn run(&self, word: &'static str, arguments: &[&str], input: &[u8]) -> Result<Vec<u8>, Error> {
        let mut command = Command::new("git");
        // What the environment says of another repository does not count here, nor do repositories around the folder.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GIT_")) {
            command.env_remove(name);
        }
        command.env("LC_ALL", "C").env("GIT_CEILING_DIRECTORIES", self.folder.parent().unwrap_or(&self.folder));
        let version = word == "--version";
        if !version {
            command.current_dir(&self.folder);
        }
        for setting in COMMITS {
            command.args(["-c", setting]);
        }
        command.arg(word).args(arguments).kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let Output { status, stdout, stderr } = match time::timeout(PATIENCE, output(command, input)).await {
            Err(_) => return Err(Error::Slow(word)),
            // The folder may be what was not found.
            Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound && (version || self.folder.is_dir()) => {
                return Err(Error::Missing);
            }
            Ok(output) => output.map_err(Error::Io)?,
        };
        if status.success() {
            return Ok(stdout);
        }
        Err(Error::Refused(word, String::from_utf8_lossy(&stderr).trim().replace('\n', "; ")))
    }
}

async fn output(mut command: Command, input: &[u8]) -> io::Result<Output> {
    let mut child = command.spawn()?;
    let stdin = child.stdin.take();
    // Asked and heard at once: both pipes may fill.
    let ask = async {
        if let Some(mut stdin) = stdin {
            // One that ends without reading says why by its status.
            let _ = stdin.write_all(input).await;
        }
    };
    let ((), output) = tokio::join!(ask, child.wait_with_output());
    output
}

/// What `git cat-file --batch` printed: a line and the bytes for each object, or a line alone for one that is not there.
fn objects(mut said: &[u8]) -> Option<Vec<Option<&[u8]>>> {
    let mut objects = Vec::new();
    while !said.is_empty() {
        let (line, rest) = said.split_at(said.iter().position(|&byte| byte == b'\n')?);
        let line = str::from_utf8(line).ok()?;
        said = &rest[1..];
        if line.ends_with(" missing") {
            objects.push(None);
            continue;
        }
        let size: usize = line.rsplit(' ').next()?.parse().ok()?;
        objects.push(Some(said.get(..size)?));
        said = said.get(size + 1..)?;
    }
    Some(objects)
}
