//! Fires webhooks: takes events from the queue and posts them, each with the headers of its webhook.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use tokio::time;

use crate::configuration::{Configuration, configuration};
use crate::error::Error;
use crate::events::Event;
use crate::store::Db;

/// How often an idle worker looks for events.
const IDLE: Duration = Duration::from_millis(100);
/// How long a receiver may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Fires webhooks, in this process or in one of its own. It tries each event once: whoever needs more leaves an event in the
/// queue until its receiver has answered.
#[derive(Debug)]
pub struct Worker {
    db: Db,
    client: Client<HttpConnector, Body>,
}

/// What became of an event.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The event.
    pub event: i64,
    /// The webhook that it was for.
    pub webhook: String,
    /// How it went.
    pub outcome: Outcome,
}

/// How a delivery went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver answered.
    Answered(StatusCode),
    /// The receiver could not be reached, or did not answer in time.
    Unreachable,
    /// There is no such webhook any more.
    Gone,
    /// A value that it uses is not set, by its name: nothing was sent, for without it the receiver would not know us.
    Incomplete(String),
}

impl Worker {
    /// A worker over a database.
    pub fn new(db: Db) -> Self {
        Self { db, client: Client::builder(TokioExecutor::new()).build_http() }
    }

    /// Works until the future is dropped.
    ///
    /// # Errors
    ///
    /// Failures of the database: it works no more.
    pub async fn run(&self) -> Result<(), Error> {
        let mut ticks = time::interval(IDLE);
        loop {
            match self.next().await? {
                Some(delivery) => {
                    tracing::info!(event = delivery.event, webhook = delivery.webhook, outcome = ?delivery.outcome, "fired");
                }
                None => drop(ticks.tick().await),
            }
        }
    }

    /// Delivers the oldest event; `None` where there is none.
    ///
    /// # Errors
    ///
    /// Failures of the database.
    pub async fn next(&self) -> Result<Option<Delivery>, Error> {
        let Some(event) = self.db.take().await? else { return Ok(None) };
        // What was changed before the event was announced has ended here from now on, whether Redis has told us yet or not.
        for receipt in &event.receipts {
            larder::after(receipt).await;
        }
        let outcome = match configuration(&self.db, &event.webhook).await? {
            Some(configuration) => self.fire(&event, &configuration).await?,
            None => Outcome::Gone,
        };
        Ok(Some(Delivery { event: event.id, webhook: event.webhook, outcome }))
    }

    async fn fire(&self, event: &Event, configuration: &Configuration) -> Result<Outcome, Error> {
        let mut request = Request::post(&configuration.url).header(header::CONTENT_TYPE, "application/json");
        for (name, header) in &configuration.headers {
            let Some(secret) = &header.secret else { return Ok(Outcome::Incomplete(header.value.clone())) };
            request = request.header(name, secret.header()?);
        }
        let request = request.body(Body::from(event.payload.to_string()));
        let request = request.map_err(|_| Error::Invalid("the webhook's address is none".to_owned()))?;
        Ok(match time::timeout(PATIENCE, self.client.request(request)).await {
            Ok(Ok(response)) => Outcome::Answered(response.status()),
            Ok(Err(_)) | Err(_) => Outcome::Unreachable,
        })
    }
}
