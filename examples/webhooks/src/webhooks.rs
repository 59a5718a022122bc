//! The webhooks themselves: where each goes, and which values it sends.

use std::collections::BTreeMap;

use axum::http::{HeaderName, Uri};
use larder::invalidates;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::store::Db;

/// A webhook as people write it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Where its receiver listens.
    pub url: String,
    /// The headers to send, each with the name of a shared value.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
}

impl Webhook {
    fn check(&self) -> Result<(), Error> {
        let url: Option<Uri> = self.url.parse().ok();
        if url.is_none_or(|url| url.scheme_str() != Some("http")) {
            return Err(Error::Invalid("`url` must begin with `http://`".to_owned()));
        }
        if self.headers.keys().any(|name| name.parse::<HeaderName>().is_err()) {
            return Err(Error::Invalid("`headers` has what is no name of a header".to_owned()));
        }
        Ok(())
    }
}

/// Makes a webhook, or replaces it.
///
/// # Errors
///
/// `Invalid` addresses and headers, and failures of the database.
pub async fn save(db: &Db, id: &str, webhook: &Webhook) -> Result<(), Error> {
    webhook.check()?;
    let (written, receipt) = larder::receipts(write(db, id, webhook)).await;
    written?;
    db.keep_receipt(&format!("webhook:{id}"), &receipt).await
}

/// Removes a webhook.
///
/// # Errors
///
/// `NotFound` where there is none, and failures of the database.
pub async fn delete(db: &Db, id: &str) -> Result<(), Error> {
    let (erased, receipt) = larder::receipts(erase(db, id)).await;
    erased?;
    db.keep_receipt(&format!("webhook:{id}"), &receipt).await
}

#[invalidates("webhook:{id}", phase = around, max_txn = "5s")]
async fn write(db: &Db, id: &str, webhook: &Webhook) -> Result<(), Error> {
    db.save_webhook(id, webhook).await
}

#[invalidates("webhook:{id}", phase = around, max_txn = "5s")]
async fn erase(db: &Db, id: &str) -> Result<(), Error> {
    db.delete_webhook(id).await
}
