//! The program over the service: `cargo run --example tenants` is a tour, `-- serve --port 8080` one worker.
//!
//! The tour starts two workers over one database, drives them over HTTP, and prints what was answered and from where. With
//! `LARDER_REDIS_URL` set, it shows what workers share, and the invitations, too.

mod tour;

use std::env;
use std::io::{self, Write as _};
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{self, ExitCode};

use larder::Larder;
use larder_example_tenants::{Config, Defaults, SWEEP_EVERY, Service};
use tokio::net::TcpListener;

type Failure = Box<dyn std::error::Error + Send + Sync>;

const USAGE: &str = "usage: tenants [serve [--port N] [--database FILE] [--defaults FILE] [--require-redis]]";

#[tokio::main]
async fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match *words {
        [] => tour::run().await,
        ["serve", ref rest @ ..] => serve(rest).await,
        _ => Err(USAGE.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(io::stderr(), "tenants: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// One worker: as many as are wanted may share a database and a Redis.
async fn serve(words: &[&str]) -> Result<(), Failure> {
    let (mut port, mut database, mut defaults, mut redis_required) = (8080, "tenants.db", None, false);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match *word {
            "--port" => port = words.next().ok_or(USAGE)?.parse()?,
            "--database" => database = words.next().ok_or(USAGE)?,
            "--defaults" => defaults = Some(*words.next().ok_or(USAGE)?),
            "--require-redis" => redis_required = true,
            _ => return Err(USAGE.into()),
        }
    }
    Larder::builder().namespace("tenants").build().await?.install()?;
    let defaults = defaults.map_or_else(own_defaults, |file| Defaults::read(Path::new(file)))?;
    let worker = format!("worker {}", process::id());
    let database = database.into();
    let service =
        Service::start(Config { database, defaults, redis_required, worker, sweep_every: SWEEP_EVERY }).await?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    writeln!(io::stdout(), "serving http://{}/healthcheck until Ctrl-C", listener.local_addr()?)?;
    service.serve(listener, control_c()).await?;
    Ok(())
}

/// The defaults that come with the service.
fn own_defaults() -> Result<Defaults, larder_example_tenants::Error> {
    Defaults::parse(include_str!("defaults.yaml"))
}

async fn control_c() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}
