//! A service that can be looked at.
//!
//! `cargo run --example observed` starts it on a free port, drives it over HTTP for a second, and prints what its dashboard and
//! its `/metrics` say then. `cargo run --example observed -- serve --port 8080` only serves: open `/larder` in a browser.
//! With `LARDER_REDIS_URL` set, over Redis.

use std::env;
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode, header};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use larder::Larder;
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::Value;
use tokio::net::TcpListener;

type Failure = Box<dyn std::error::Error + Send + Sync>;

const USAGE: &str = "usage: observed [serve [--port N]]";

#[tokio::main]
async fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match *words {
        [] => tour().await,
        ["serve"] => serve(8080).await,
        ["serve", "--port", port] => match port.parse() {
            Ok(port) => serve(port).await,
            Err(_) => Err(USAGE.into()),
        },
        _ => Err(USAGE.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(io::stderr(), "observed: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// Starts the service; `port` 0: on a free one.
async fn start(port: u16) -> Result<(SocketAddr, impl Future<Output = io::Result<()>>), Failure> {
    Larder::builder().namespace("observed").build().await?.install()?;
    let router = larder_example_observed::router(PrometheusBuilder::new().install_recorder()?);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let address = listener.local_addr()?;
    // The guard of the dashboard looks at where a request comes from.
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    Ok((address, async move { axum::serve(listener, service).await }))
}

async fn serve(port: u16) -> Result<(), Failure> {
    let (address, serving) = start(port).await?;
    writeln!(io::stdout(), "http://{address}/larder shows what http://{address}/tools?team=blue caches")?;
    Ok(serving.await?)
}

async fn tour() -> Result<(), Failure> {
    let (address, serving) = start(0).await?;
    tokio::spawn(serving);
    let client = Client::builder(TokioExecutor::new()).build_http();
    for round in 0..40 {
        for team in ["blue", "green", "red"] {
            ask(&client, Method::GET, &format!("http://{address}/tools?team={team}"), "").await?;
        }
        ask(&client, Method::GET, &format!("http://{address}/tools/{}", round % 10), "").await?;
    }
    ask(&client, Method::PUT, &format!("http://{address}/tools/7"), r#"{"name": "hammer"}"#).await?;
    ask(&client, Method::GET, &format!("http://{address}/tools?team=green"), "").await?;

    let mut out = io::stdout();
    writeln!(out, "http://{address}/larder/data, which the dashboard at /larder draws:\n")?;
    writeln!(out, "{:<8} {:>8} {:>8} {:>8} {:>8} {:>9}", "entity", "memory", "redis", "misses", "entries", "hit rate")?;
    let data = ask(&client, Method::GET, &format!("http://{address}/larder/data"), "").await?;
    let data: Value = serde_json::from_str(&data)?;
    for row in data["entities"].as_array().into_iter().flatten() {
        let (name, counts) = (row["entity"].as_str().unwrap_or("(tags)"), &row["counts"]);
        let [memory, redis, misses, entries] =
            ["hits_memory", "hits_redis", "misses", "entries"].map(|name| counts[name].to_string());
        let rate = 100.0 * counts["hit_rate"].as_f64().unwrap_or_default();
        writeln!(out, "{name:<8} {memory:>8} {redis:>8} {misses:>8} {entries:>8} {rate:>7.1} %")?;
    }
    writeln!(out, "\nhttp://{address}/metrics, what each name means left out:\n")?;
    let metrics = ask(&client, Method::GET, &format!("http://{address}/metrics"), "").await?;
    for line in metrics.lines().filter(|line| line.starts_with("larder_hits_total") || line.starts_with("larder_inv")) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

async fn ask(
    client: &Client<HttpConnector, Body>,
    method: Method,
    url: &str,
    json: &'static str,
) -> Result<String, Failure> {
    /// More than any answer of the service.
    const LONGEST: usize = 1 << 20;
    let request = Request::builder().method(method).uri(url).header(header::CONTENT_TYPE, "application/json");
    let response = client.request(request.body(Body::from(json))?).await?;
    let status = response.status();
    let body = to_bytes(Body::new(response.into_body()), LONGEST).await?;
    if status.is_success() || status == StatusCode::NOT_FOUND {
        Ok(String::from_utf8(body.to_vec())?)
    } else {
        Err(format!("{url} answered {status}").into())
    }
}
