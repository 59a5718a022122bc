//! The service that says what an identity provider is, at the `HEAD` of a real repository: `examples/well_known`.

mod broken;
mod cold;
mod commits;
mod compressed;
mod endpoints;
mod extended;
mod hosts;
mod logs;
mod private_keys;
mod rolling;

pub(crate) use rolling::obey;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use http::Method;
use larder::Larder;
use larder_example_well_known::git::{Commit, Repository};
use larder_example_well_known::routes::router;
use larder_example_well_known::sample;
use larder_example_well_known::source::Source;
use serde_json::Value;
use tempfile::TempDir;
use tracing::subscriber::DefaultGuard;

use crate::secrets::Everything;
use crate::support::{SOON, memory};
use crate::validators::responses::{Answer, ask};

const OPENID: &str = "/.well-known/openid-configuration";
const METADATA: &str = "/.well-known/dirac-metadata";
const JWKS: &str = "/.well-known/jwks.json";
const SECURITY: &str = "/.well-known/security.txt";
const CONFIG: &str = "/config";
const ALL: [&str; 5] = [OPENID, METADATA, JWKS, SECURITY, CONFIG];

const A: &str = "a.example";
const B: &str = "b.example:8443";
const ORIGINS: [&str; 2] = ["https://a.example", "https://b.example:8443"];

/// One process of the service, with a cache of its own.
struct Site {
    folder: Arc<TempDir>,
    repository: Repository,
    source: Arc<Source>,
    router: Router,
    larder: Larder,
}

impl Site {
    /// Over a new repository with the sample's first commit.
    async fn new() -> Self {
        let site = Self::unborn(SOON).await;
        site.commit_sample().await;
        site
    }

    /// Over a repository without a commit; a request waits so long for one.
    async fn unborn(patience: Duration) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let repository = Repository::create(folder.path()).await.unwrap();
        Self::over(folder, repository, patience, memory().await)
    }

    fn over(folder: Arc<TempDir>, repository: Repository, patience: Duration, larder: Larder) -> Self {
        let source = Arc::new(Source::new(repository.clone(), patience));
        Self { folder, repository, router: router(Arc::clone(&source)), source, larder }
    }

    /// Another process over the same repository, as it is after a restart.
    async fn restarted(&self) -> Self {
        Self::over(Arc::clone(&self.folder), self.repository.clone(), SOON, memory().await)
    }

    async fn commit_sample(&self) -> Commit {
        let files = [("config.yaml", sample::config(&ORIGINS)), ("keys/first.jwk", sample::key("first").unwrap())];
        self.repository.commit("the first", &files).await.unwrap()
    }

    /// Commits this `config.yaml`.
    async fn commit(&self, config: &str) -> Commit {
        self.repository.commit("a change", &[("config.yaml", config)]).await.unwrap()
    }

    /// Commits the sample with one more VO.
    async fn commit_vo(&self, name: &str) -> Commit {
        self.commit(&with_vo(name)).await
    }

    async fn get(&self, host: &str, path: &str) -> Answer {
        self.ask(Method::GET, host, path, &[]).await
    }

    async fn ask(&self, method: Method, host: &str, path: &str, lines: &[(&str, &str)]) -> Answer {
        let lines: Vec<(&str, &str)> = [("host", host)].iter().chain(lines).copied().collect();
        self.larder.scope(ask(&self.router, method, path, &lines)).await
    }

    /// Asks whether a tag is still the present one.
    async fn status_with(&self, path: &str, tag: &str) -> u16 {
        self.ask(Method::GET, A, path, &[("if-none-match", tag)]).await.status
    }

    async fn git(&self, words: &[&str]) {
        git(self.folder.path(), words).await;
    }

    /// How many bodies ran for a function.
    fn runs(&self, function: &str) -> u64 {
        let functions = self.larder.stats().functions;
        functions.iter().filter(|(name, _)| name.ends_with(function)).map(|(_, counts)| counts.misses).sum()
    }
}

/// The sample with one more VO, whose scope shows in most documents.
fn with_vo(name: &str) -> String {
    let more = format!("vos:\n  {name}:\n    default_group: all\n    groups: {{ all: {{}} }}\n");
    sample::config(&ORIGINS).replace("vos:\n", &more)
}

async fn git(folder: &std::path::Path, words: &[&str]) {
    let mut command = tokio::process::Command::new("git");
    command.args(["-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "commit.gpgsign=false"]);
    let output = command.args(words).current_dir(folder).output().await.unwrap();
    assert!(output.status.success(), "git {words:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Hears all that is logged on this thread from now on.
async fn listen() -> (Everything, DefaultGuard) {
    let heard = Everything::default();
    let guard = tracing::subscriber::set_default(heard.clone());
    // A thread that nobody listens to, and that meets an event first, marks it as one that nobody wants to hear. Behind this
    // every event has been met.
    let site = Site::new().await;
    site.get(A, OPENID).await;
    site.commit("origins: [").await;
    site.get(A, OPENID).await;
    tracing::callsite::rebuild_interest_cache();
    let _ = heard.taken();
    (heard, guard)
}

fn json(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.body);
    serde_json::from_str(&answer.body).unwrap()
}

fn commit_of(answer: &Answer) -> &str {
    answer.header("config-commit").unwrap()
}

fn tag_of(answer: &Answer) -> &str {
    answer.header("etag").unwrap()
}
