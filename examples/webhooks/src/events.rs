//! What happened and is to be told: the queue between those who announce and the workers.

use larder::Receipt;
use serde_json::Value;

use crate::error::Error;
use crate::store::Db;

/// Something that one webhook is to be told of.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its number; numbers grow.
    pub id: i64,
    /// Which webhook.
    pub webhook: String,
    /// What to tell.
    pub payload: Value,
    /// What was ended before it was announced: a worker takes note of it before it looks at a configuration.
    pub receipts: Vec<Receipt>,
}

/// Puts an event into the queue, with the receipts of the webhook's last change and of those of the values it uses.
///
/// # Errors
///
/// `NotFound` where there is no such webhook, and failures of the database.
pub async fn announce(db: &Db, webhook: &str, payload: &Value) -> Result<i64, Error> {
    db.enqueue(webhook, payload).await
}
