//! A registry of crates over SQLite, served by axum and cached by larder.
//!
//! `cargo run --example registry` fills a temporary database with the crates that this workspace is built from, starts
//! the server, drives it over HTTP, and prints where each answer came from. With `LARDER_REDIS_URL` set, a second
//! process joins in. `cargo run --example registry -- serve --port 8080` only serves.
//!
//! Begin with `crates.rs`: the cached functions. What they call is in `store.rs`, what calls them in `routes.rs`.

mod client;
mod crates;
mod error;
mod model;
mod origin;
mod routes;
mod rows;
mod steps;
mod store;
mod table;
mod tour;
mod watch;

use std::env;
use std::future::pending;
use std::io::{self, Write as _};
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{self, ExitCode};

use larder::Larder;
use tokio::net::TcpListener;
use tokio::signal;

use crate::store::Db;
use crate::table::say;

type Failure = Box<dyn std::error::Error + Send + Sync>;

const USAGE: &str = "usage: registry [tour | serve [--port N] | watch DATABASE NAMESPACE]";

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
            let _ = writeln!(io::stderr(), "registry: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn run(words: &[&str]) -> Result<(), Failure> {
    // One namespace for one database: each tour and each server has rows of its own.
    let namespace = format!("registry-{}", process::id());
    match *words {
        [] | ["tour"] => {
            cache(&namespace).await?;
            tour::run(&namespace).await
        }
        ["serve"] => serve(&namespace, 8080).await,
        ["serve", "--port", port] => serve(&namespace, port.parse().map_err(|_| USAGE)?).await,
        ["watch", database, namespace] => {
            cache(namespace).await?;
            watch::answer(&Db::open(Path::new(database)).await?).await
        }
        _ => Err(USAGE.into()),
    }
}

/// Puts the cache in force: in memory, and in Redis, too, where `LARDER_REDIS_URL` names one.
async fn cache(namespace: &str) -> Result<(), Failure> {
    Ok(Larder::builder().namespace(namespace).build().await?.install()?)
}

async fn serve(namespace: &str, port: u16) -> Result<(), Failure> {
    cache(namespace).await?;
    // Where `LARDER_NAMESPACE` stands above our own, Redis may know values of an earlier server.
    let _ = larder::clear().await?;
    let folder = tempfile::tempdir()?;
    let db = Db::create(&folder.path().join("registry.db"), &rows::read().await?).await?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    say(&format!("serving http://{}/crates until Ctrl-C", listener.local_addr()?))?;
    routes::serve(listener, db.clone(), control_c()).await?;
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
