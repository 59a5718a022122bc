//! Webhooks as a program: a server with a worker, and a tour of it.
//!
//! `cargo run --example webhooks` starts the service, a worker and a receiver, changes a shared header value under them, and
//! prints what the receiver got. With `LARDER_REDIS_URL` set, the worker is an instance of its own, as if in another process.
//! `cargo run --example webhooks -- serve --port 8081 --database FILE` serves and works; any number of processes may share a
//! file. The service itself is in `src`: begin with `src/configuration.rs`.

mod tour;

use std::env;
use std::future::pending;
use std::io::{self, Write as _};
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{self, ExitCode};

use larder::Larder;
use larder_example_webhooks::{self as webhooks, Db, Worker};
use tokio::net::TcpListener;
use tokio::signal;

type Failure = Box<dyn std::error::Error + Send + Sync>;

const USAGE: &str = "usage: webhooks [tour | serve [--port N] [--database FILE]]";

#[tokio::main]
async fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match *words {
        [] | ["tour"] => tour::run(&format!("webhooks-{}", process::id())).await,
        ["serve", ref options @ ..] => serve(options).await,
        _ => Err(USAGE.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let cause = failure.source().map(|cause| format!(": {cause}")).unwrap_or_default();
            let _ = writeln!(io::stderr(), "webhooks: {failure}{cause}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(options: &[&str]) -> Result<(), Failure> {
    let (mut port, mut database) = (8081, None);
    for option in options.chunks(2) {
        match *option {
            ["--port", number] => port = number.parse().map_err(|_| USAGE)?,
            ["--database", file] => database = Some(Path::new(file)),
            _ => return Err(USAGE.into()),
        }
    }
    // Servers of one database share a namespace, too: `LARDER_NAMESPACE` gives them another.
    let namespace = if database.is_some() { "webhooks".to_owned() } else { format!("webhooks-{}", process::id()) };
    Larder::builder().namespace(namespace).build().await?.install()?;
    let folder = tempfile::tempdir()?;
    let db = Db::open(database.unwrap_or(&folder.path().join("webhooks.db"))).await?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    tour::say(&format!("serving http://{}/admin/webhooks until Ctrl-C", listener.local_addr()?))?;
    let worker = Worker::new(db.clone());
    tokio::select! {
        served = webhooks::serve(listener, db.clone(), control_c()) => served?,
        worked = worker.run() => worked?,
    }
    db.close().await;
    Ok(())
}

async fn control_c() {
    if signal::ctrl_c().await.is_err() {
        pending().await
    }
}
