//! What a webhook is fired with, cached, and how it knows the values that it uses.

use std::collections::BTreeMap;
use std::sync::Arc;

use larder::ttl_cached;

use crate::error::Error;
use crate::secret::Secret;
use crate::store::Db;

/// What a webhook is fired with.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// Where its receiver listens.
    pub url: String,
    /// The headers to send, by name.
    pub headers: BTreeMap<String, Header>,
}

/// One header of a webhook.
#[derive(Clone, Debug)]
pub struct Header {
    /// The name of the shared value.
    pub value: String,
    /// The value itself; `None` where nobody has set it, or where it was taken away.
    pub secret: Option<Secret>,
}

/// The configuration of a webhook, `None` if there is none.
///
/// It lives for an hour, because it ends by name: what `value` was asked for is a part of it, so a value that changes ends
/// every configuration that was made with it, and no other. Nobody looks for dependants after the change, when a deleted
/// value would have none. A value that is missing is noted like any other: to set it ends what was made without it.
#[ttl_cached(entity = "webhooks", ttl = "1h", skip(db), tags("webhook:{id}"), store = memory)]
pub async fn configuration(db: &Db, id: &str) -> Result<Option<Arc<Configuration>>, Error> {
    let Some(webhook) = db.webhook(id).await? else { return Ok(None) };
    let mut headers = BTreeMap::new();
    for (header, name) in webhook.headers {
        let secret = value(db, &name).await?;
        headers.insert(header, Header { value: name, secret });
    }
    Ok(Some(Arc::new(Configuration { url: webhook.url, headers })))
}

/// A shared value, in the memory of this process alone: one query, however many webhooks use it.
#[ttl_cached(entity = "values", ttl = "1h", skip(db), tags("value:{name}"), store = memory)]
async fn value(db: &Db, name: &str) -> Result<Option<Secret>, Error> {
    db.value(name).await
}
