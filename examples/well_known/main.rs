//! An identity service's `/.well-known/`, served by axum from a git repository's `HEAD` and cached by larder.
//!
//! `cargo run --example well_known` makes a repository with a configuration, starts the server, drives it over HTTP, commits,
//! and prints what was answered and where it came from. `cargo run --example well_known -- serve --port 8080` only serves:
//! a repository of its own, or with `--repository FOLDER` yours. `LARDER_REDIS_URL` adds Redis; `--verbose` logs each miss.
//!
//! The service itself is in `src/`: begin with `src/documents.rs`, the cached functions.

mod client;
mod tour;

use std::future::pending;
use std::io::{self, Write as _};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
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

const USAGE: &str = "usage: well_known [tour | serve [--port N] [--repository FOLDER]] [--verbose]";

/// For how long a request waits for a first configuration.
const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::main]
async fn main() -> ExitCode {
    let done = match Order::read(env::args().skip(1)) {
        Ok(order) => run(order).await,
        Err(failure) => Err(failure),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(io::stderr(), "well_known: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// What the command line asks for.
#[derive(Debug, Default)]
struct Order {
    serve: bool,
    port: u16,
    repository: Option<PathBuf>,
    verbose: bool,
}

impl Order {
    fn read(mut words: impl Iterator<Item = String>) -> Result<Self, Failure> {
        let mut order = Self { port: 8080, ..Self::default() };
        while let Some(word) = words.next() {
            match &*word {
                "tour" => {}
                "serve" => order.serve = true,
                "--verbose" => order.verbose = true,
                "--port" if order.serve => order.port = words.next().ok_or(USAGE)?.parse().map_err(|_| USAGE)?,
                "--repository" if order.serve => order.repository = Some(words.next().ok_or(USAGE)?.into()),
                _ => return Err(USAGE.into()),
            }
        }
        Ok(order)
    }
}

async fn run(order: Order) -> Result<(), Failure> {
    let level = if order.verbose { LevelFilter::DEBUG } else { LevelFilter::WARN };
    tracing_subscriber::fmt().with_max_level(level).with_writer(io::stderr).init();
    // All processes share what is of the same commit; a tour stays for itself.
    let namespace = if order.serve { "well-known".to_owned() } else { format!("well-known-{}", process::id()) };
    Larder::builder().namespace(namespace).build().await?.install()?;
    if order.serve { serve(&order).await } else { tour::run().await }
}

async fn serve(order: &Order) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let repository = match &order.repository {
        Some(folder) => Repository::open(folder).await?,
        None => {
            let origins = ["localhost", "127.0.0.1"].map(|host| format!("http://{host}:{}", order.port));
            fresh(folder.path(), &[&*origins[0], &*origins[1]]).await?
        }
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, order.port)).await?;
    let shown = order.repository.as_deref().unwrap_or(folder.path());
    say(&format!("serving http://localhost:{}/config until Ctrl-C; commit to {}", order.port, shown.display()))?;
    routes::serve(listener, Arc::new(Source::new(repository, PATIENCE)), interrupted()).await?;
    Ok(())
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
