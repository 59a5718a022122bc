//! The registry as a program: a server, and a tour of it.
//!
//! `cargo run --example registry` fills a temporary database, starts the server, drives it over HTTP, and prints where
//! each answer came from. With `LARDER_REDIS_URL` set, a second process joins in. `cargo run --example registry -- serve
//! --port 8080` only serves. The service itself is in `src`: begin with `src/lists.rs`.

mod client;
mod origin;
mod second;
mod steps;
mod table;
mod tour;

use std::env;
use std::future::pending;
use std::io::{self, Write as _};
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{self, ExitCode};

use larder::Larder;
use larder_example_registry::{self as registry, Db, Viewer};
use tokio::net::TcpListener;
use tokio::signal;

use crate::table::say;

type Failure = Box<dyn std::error::Error + Send + Sync>;

const USAGE: &str =
    "usage: registry [tour | serve [--port N] [--database FILE] [--rows N] | second DATABASE NAMESPACE]";

/// The administrator of every registry that is made here.
const ADMIN: &str = "root";

#[tokio::main]
async fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = tokio::select! {
        done = run(&words) => done,
        () = interrupt(&words) => Err("interrupted".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let cause = failure.source().map(|cause| format!(": {cause}")).unwrap_or_default();
            let _ = writeln!(io::stderr(), "registry: {failure}{cause}");
            ExitCode::FAILURE
        }
    }
}

async fn run(words: &[&str]) -> Result<(), Failure> {
    // One namespace for one database: each tour has rows of its own.
    let namespace = format!("registry-{}", process::id());
    match *words {
        [] | ["tour"] => {
            cache(&namespace).await?;
            tour::run(&namespace).await
        }
        ["serve", ref options @ ..] => serve(&namespace, options).await,
        ["second", database, namespace] => {
            cache(namespace).await?;
            second::answer(Db::open(Path::new(database)).await?).await
        }
        _ => Err(USAGE.into()),
    }
}

/// Puts the cache in force: in memory, and in Redis, too, where `LARDER_REDIS_URL` names one.
async fn cache(namespace: &str) -> Result<(), Failure> {
    Ok(registry::depends(Larder::builder().namespace(namespace)).build().await?.install()?)
}

/// A new registry with its first rows, and `rows` more.
async fn filled(file: &Path, rows: u32) -> Result<Db, Failure> {
    // Where `LARDER_NAMESPACE` stands above our own, Redis may know values of an earlier registry.
    let _ = larder::clear().await?;
    let db = Db::create(file, ADMIN).await?;
    let admin = Viewer::of(&db, Some(ADMIN)).await?;
    registry::fill(&admin).await?;
    if rows > 0 {
        registry::grow(&admin, rows).await?;
    }
    Ok(db)
}

async fn serve(namespace: &str, options: &[&str]) -> Result<(), Failure> {
    let (mut port, mut database, mut rows) = (8080, None, 0);
    for option in options.chunks(2) {
        match *option {
            ["--port", number] => port = number.parse().map_err(|_| USAGE)?,
            ["--database", file] => database = Some(Path::new(file)),
            ["--rows", number] => rows = number.parse().map_err(|_| USAGE)?,
            _ => return Err(USAGE.into()),
        }
    }
    // Servers of one database share a namespace, too: `LARDER_NAMESPACE` gives them another than `registry`.
    cache(if database.is_some() { "registry" } else { namespace }).await?;
    let folder = tempfile::tempdir()?;
    let db = match database {
        Some(file) if file.exists() => Db::open(file).await?,
        Some(file) => filled(file, rows).await?,
        None => filled(&folder.path().join("registry.db"), rows).await?,
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    say(&format!("serving http://{}/tools until Ctrl-C", listener.local_addr()?))?;
    registry::serve(listener, db.clone(), control_c()).await?;
    db.close().await;
    Ok(())
}

async fn control_c() {
    if signal::ctrl_c().await.is_err() {
        pending().await
    }
}

/// Ctrl-C ends a tour at once; a server finishes what is under way.
async fn interrupt(words: &[&str]) {
    if words.first() == Some(&"serve") { pending().await } else { control_c().await }
}
