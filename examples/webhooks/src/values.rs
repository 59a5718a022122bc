//! The shared header values: each write ends exactly the webhooks that use the value.

use larder::{Receipt, invalidates};

use crate::error::Error;
use crate::secret::Secret;
use crate::store::Db;

/// Sets a value for every webhook that uses it.
///
/// Its receipt is kept beside the value: an event that fires such a webhook takes it along, so that no worker fires with the
/// former value, wherever Redis and its announcement are.
///
/// # Errors
///
/// `Invalid` where it is no header value, and failures of the database.
pub async fn set(db: &Db, name: &str, secret: &Secret) -> Result<(), Error> {
    secret.header()?;
    let (written, receipt) = larder::receipts(write(db, name, secret)).await;
    written?;
    keep(db, name, &receipt).await
}

/// Takes a value away: the webhooks that use it are held back until it is set again.
///
/// # Errors
///
/// `NotFound` where there is none, and failures of the database.
pub async fn remove(db: &Db, name: &str) -> Result<(), Error> {
    let (erased, receipt) = larder::receipts(erase(db, name)).await;
    erased?;
    keep(db, name, &receipt).await
}

/// `around`: a process that is killed between its commit and its end leaves no webhook with the former value.
#[invalidates("value:{name}", phase = around, max_txn = "5s")]
async fn write(db: &Db, name: &str, secret: &Secret) -> Result<(), Error> {
    db.set_value(name, secret).await
}

#[invalidates("value:{name}", phase = around, max_txn = "5s")]
async fn erase(db: &Db, name: &str) -> Result<(), Error> {
    db.remove_value(name).await
}

async fn keep(db: &Db, name: &str, receipt: &Receipt) -> Result<(), Error> {
    db.keep_receipt(&format!("value:{name}"), receipt).await
}
