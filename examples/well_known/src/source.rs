//! Which configuration is the present one: that of `HEAD`, as it is when a request comes.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use larder::hexsha_cached;
use tokio::time::sleep;

use crate::config::{self, Config, Refusal, Settings};
use crate::error::Error;
use crate::git::{self, Commit, Repository};
use crate::keys::PublicKey;

/// For how many commits a valid one is looked for before a broken one.
const FAR: usize = 100;

/// How soon it is looked again for a first configuration. A folder that is not there yet sends no signal.
const AGAIN: Duration = Duration::from_millis(50);

/// Where configurations come from.
#[derive(Debug)]
pub struct Source {
    repository: Repository,
    patience: Duration,
    /// What was answered from last.
    last: RwLock<Option<Arc<Config>>>,
}

/// The configuration that one request is answered from, from beginning to end.
#[derive(Clone, Debug)]
pub struct Present {
    /// That of `HEAD`, or the last valid one.
    pub config: Arc<Config>,
    /// What is not answered from, though it is newer.
    pub passed_over: Option<PassedOver>,
}

/// What is not answered from, though it is newer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PassedOver {
    /// A commit whose configuration is broken.
    Commit(Commit),
    /// Whatever `HEAD` is: it cannot be read.
    Head,
}

impl fmt::Display for PassedOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Commit(commit) => commit.fmt(f),
            Self::Head => f.write_str("HEAD"),
        }
    }
}

/// What a commit is answered with: a pure function of it, so that every process says the same, also one that starts now.
#[derive(Clone, Debug)]
enum Loaded {
    Own(Arc<Config>),
    /// It is broken; the last valid one before it, where there is any.
    Broken(Option<Arc<Config>>),
}

impl Source {
    /// A source that waits so long for a first configuration.
    #[must_use]
    pub fn new(repository: Repository, patience: Duration) -> Self {
        Self { repository, patience, last: RwLock::default() }
    }

    /// The configuration of `HEAD` as it is now.
    ///
    /// Where that commit is broken, the last valid one before it. Where there is none, or nothing can be read, that which was
    /// answered from last. Where nothing ever was, this waits.
    ///
    /// # Errors
    ///
    /// There was nothing to answer from for as long as the source waits.
    pub async fn present(&self) -> Result<Present, Error> {
        let begun = Instant::now();
        loop {
            let missing = match self.look().await {
                Ok(Some(present)) => return Ok(present),
                Ok(None) => Error::NoConfiguration,
                Err(error) => Error::Git(error),
            };
            if begun.elapsed() >= self.patience {
                return Err(missing);
            }
            sleep(AGAIN).await;
        }
    }

    async fn look(&self) -> Result<Option<Present>, git::Error> {
        let (config, passed_over) = match self.head().await {
            Ok(None) => (self.last(), Some(PassedOver::Head)),
            Ok(Some((_, Loaded::Own(config)))) => (Some(config), None),
            Ok(Some((commit, Loaded::Broken(before)))) => {
                (before.or_else(|| self.last()), Some(PassedOver::Commit(commit)))
            }
            Err(error) => {
                let Some(last) = self.last() else { return Err(error) };
                tracing::warn!("HEAD cannot be read, and the last configuration stays: {error}");
                (Some(last), Some(PassedOver::Head))
            }
        };
        Ok(config.map(|config| {
            self.remember(&config);
            Present { config, passed_over }
        }))
    }

    async fn head(&self) -> Result<Option<(Commit, Loaded)>, git::Error> {
        let Some(commit) = self.repository.head().await? else { return Ok(None) };
        let loaded = load(&commit, &self.repository).await?;
        Ok(Some((commit, loaded)))
    }

    fn last(&self) -> Option<Arc<Config>> {
        self.last.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn remember(&self, config: &Arc<Config>) {
        let is_known = |last: &Arc<Config>| last.commit() == config.commit();
        if !self.last().as_ref().is_some_and(is_known) {
            *self.last.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(config));
        }
    }
}

/// Reads a commit, once for all who ask; what git could not tell is asked again by the next.
#[hexsha_cached(skip(repository))]
async fn load(commit: &Commit, repository: &Repository) -> Result<Loaded, git::Error> {
    let refusal = match read(commit, repository).await? {
        Ok(config) => {
            if config.security.expires.is_past() {
                tracing::warn!(%commit, "`security.expires` is over: set a later date in `{}`", config::FILE);
            }
            return Ok(Loaded::Own(Arc::new(config)));
        }
        Err(refusal) => refusal,
    };
    tracing::warn!(%commit, "a broken configuration is passed over: {refusal}; correct it in a new commit");
    for former in repository.before(commit, FAR).await? {
        if let Ok(config) = read(&former, repository).await? {
            return Ok(Loaded::Broken(Some(Arc::new(config))));
        }
    }
    Ok(Loaded::Broken(None))
}

async fn read(commit: &Commit, repository: &Repository) -> Result<Result<Config, Refusal>, git::Error> {
    let found = repository.files(commit, &[config::FILE]).await?.into_iter().flatten().next();
    let Some(yaml) = found else { return Ok(Err(Refusal::new(config::FILE, "the commit does not have it"))) };
    let settings = match Settings::read(&yaml) {
        Ok(settings) => settings,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let paths: Vec<&str> = settings.key_files.iter().map(|path| &**path).collect();
    let files = repository.files(commit, &paths).await?;
    let keys = paths.iter().zip(files).map(|(path, file)| {
        let json = file.ok_or_else(|| Refusal::new(path, "named in `keys`, and the commit does not have it"))?;
        PublicKey::read(&json).map_err(|reason| Refusal::new(path, reason))
    });
    let keys: Result<Vec<PublicKey>, Refusal> = keys.collect();
    Ok(keys.and_then(|keys| Config::new(commit, settings, keys)))
}
