//! One step of the tour: a request, its row in the table, and the check of what it shows.

use axum::http::StatusCode;
use larder_example_registry::Db;

use crate::Failure;
use crate::client::{Answer, Client};
use crate::origin::Origin::{self, Memory};
use crate::table::{Table, span};

/// What every step needs.
pub(crate) struct Tour {
    pub(crate) client: Client,
    pub(crate) db: Db,
    pub(crate) table: Table,
}

impl Tour {
    /// Reads something that is there, prints what came, and checks where it came from.
    pub(crate) async fn read(&self, step: &str, path: &str, origin: Origin) -> Result<Answer, Failure> {
        let (answer, from) = self.client.trace(&self.db, path).await?;
        self.shown(step, &answer, &from.to_string(), StatusCode::OK)?;
        expect(step, from, origin)?;
        Ok(answer)
    }

    /// The fastest of several reads, all of which must come from memory.
    pub(crate) async fn best(&self, step: &str, path: &str) -> Result<Answer, Failure> {
        let (mut best, from) = self.client.trace(&self.db, path).await?;
        expect(step, from, Memory)?;
        for _ in 1..20 {
            let (answer, from) = self.client.trace(&self.db, path).await?;
            expect(step, from, Memory)?;
            best = if answer.time < best.time { answer } else { best };
        }
        self.shown(step, &best, "memory", StatusCode::OK)?;
        Ok(best)
    }

    /// Prints the answer to a write, or to a request that is refused.
    pub(crate) fn answered(&self, step: &str, status: StatusCode, answer: Answer) -> Result<(), Failure> {
        self.shown(step, &answer, "", status)
    }

    fn shown(&self, step: &str, answer: &Answer, from: &str, status: StatusCode) -> Result<(), Failure> {
        self.table.row(&[step, &gist(answer), &span(answer.time), from])?;
        ensure(answer.status == status, &format!("`{step}` was answered with {}, not with {status}", answer.status))
    }
}

/// An answer in a few words.
fn gist(answer: &Answer) -> String {
    let body = &answer.body;
    let text = if let Some(page) = body["items"].as_array() {
        let first = page.first().map_or("", |row| row["name"].as_str().unwrap_or_default());
        if page.len() == 1 { format!("1 row, {first}") } else { format!("{} rows", page.len()) }
    } else if let Some(entities) = body["entities"].as_array() {
        let rows: u64 = entities.iter().filter_map(|entity| entity["rows"].as_u64()).sum();
        format!("{rows} rows of {} entities", entities.len())
    } else if let Some(made) = body.as_array() {
        format!("{} rows", made.len())
    } else {
        let text = body["name"].as_str().or_else(|| body["error"].as_str());
        text.unwrap_or_default().to_owned()
    };
    let line = format!("{} {text}", answer.status.as_u16());
    if line.chars().count() > 40 { line.chars().take(37).chain("...".chars()).collect() } else { line }
}

pub(crate) fn expect(step: &str, from: Origin, wanted: Origin) -> Result<(), Failure> {
    ensure(from == wanted, &format!("`{step}` came from {from}, not from {wanted}"))
}

pub(crate) fn ensure(holds: bool, otherwise: &str) -> Result<(), Failure> {
    if holds { Ok(()) } else { Err(otherwise.into()) }
}
