//! An identity service's `/.well-known/`, served by axum from a git repository's `HEAD` and cached by larder.
//!
//! `cargo run --example well_known` makes a repository with a configuration, starts the server, drives it over HTTP, commits,
//! and prints what was answered and where it came from. `cargo run --example well_known -- serve --port 8080` only serves:
//! a repository of its own, or with `--repository FOLDER` yours. `LARDER_REDIS_URL` adds Redis; `RUST_LOG=debug` logs each miss.
//!
//! The service itself is in `src/`: begin with `src/documents.rs`, the cached functions.

mod client;
mod tour;

use std::future::pending;
use std::io::{self, Write as _};
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use std::{env, process};

use larder::Larder;
use larder_example_well_known::git::Repository;
use larder_example_well_known::source::Source;
use larder_example_well_known::{routes, sample};
use tokio::net::TcpListener;
use tokio::signal;
use tracing::level_filters::LevelFilter;

type Failure = Box<dyn std::error::Error + Send + Sync>;

const USAGE: &str = "usage: well_known [tour | serve [--port N [--repository FOLDER]]]";

/// For how long a request waits for a first configuration.
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::main]
async fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match run(&words).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(io::stderr(), "well_known: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn run(words: &[&str]) -> Result<(), Failure> {
    let level = env::var("RUST_LOG").ok().map_or(Ok(LevelFilter::WARN), |level| level.parse());
    let level = level.map_err(|_| "RUST_LOG takes one level: off, error, warn, info, debug or trace")?;
    tracing_subscriber::fmt().with_max_level(level).with_writer(io::stderr).init();
    let port = |port: &str| port.parse().map_err(|_| USAGE);
    match *words {
        [] | ["tour"] => {
            // A tour stays for itself.
            cache(&format!("well-known-{}", process::id())).await?;
            tokio::select! {
                done = tour::run() => done,
                () = interrupted() => Err("interrupted".into()),
            }
        }
        ["serve"] => serve(8080, None).await,
        ["serve", "--port", number] => serve(port(number)?, None).await,
        ["serve", "--port", number, "--repository", folder] => serve(port(number)?, Some(Path::new(folder))).await,
        _ => Err(USAGE.into()),
    }
}

/// Puts the cache in force: in memory, and in Redis, too, where `LARDER_REDIS_URL` names one.
async fn cache(namespace: &str) -> Result<(), Failure> {
    Ok(Larder::builder().namespace(namespace).build().await?.install()?)
}

async fn serve(port: u16, repository: Option<&Path>) -> Result<(), Failure> {
    // All processes share what is of the same commit.
    cache("well-known").await?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let port = listener.local_addr()?.port();
    let own = tempfile::tempdir()?;
    let (folder, repository) = match repository {
        Some(folder) => (folder, Repository::open(folder).await?),
        None => {
            let origins = ["localhost", "127.0.0.1"].map(|host| format!("http://{host}:{port}"));
            (own.path(), fresh(own.path(), &[&*origins[0], &*origins[1]]).await?)
        }
    };
    say(&format!("serving http://localhost:{port}/config until Ctrl-C; commit to {}", folder.display()))?;
    Ok(routes::serve(listener, Arc::new(Source::new(repository, PATIENCE)), interrupted()).await?)
}

/// A new repository with a configuration for these origins.
async fn fresh(folder: &Path, origins: &[&str]) -> Result<Repository, Failure> {
    let repository = Repository::create(folder).await?;
    let key = sample::key("first").map_err(|_| "the system has no random numbers")?;
    let files = [("config.yaml", sample::config(origins)), ("keys/first.jwk", key)];
    repository.commit("A configuration to begin with", &files).await?;
    Ok(repository)
}

async fn interrupted() {
    if signal::ctrl_c().await.is_err() {
        pending().await
    }
}

/// Prints a line.
fn say(line: &str) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{line}")
}
