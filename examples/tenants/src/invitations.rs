//! Invitations: records that live in Redis alone, for a day, and are found by their host and by their tenant.

use larder::Record;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::hosts;
use crate::store::Db;

/// A tenant invites whoever runs a host to bring it along.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Record)]
#[record(name = "invitation", ttl = "1d")]
pub(crate) struct Invitation {
    #[record(key)]
    pub(crate) code: String,
    /// Nobody is invited twice at a time.
    #[record(unique)]
    pub(crate) host: String,
    #[record(index)]
    pub(crate) tenant: String,
}

/// Invites a host; refused while it is invited already, whichever worker was asked.
pub(crate) async fn invite(db: &Db, tenant: &str, host: &str) -> Result<Invitation, Error> {
    db.require(tenant).await?;
    let code = format!("{:032x}", fastrand::u128(..));
    let invitation = Invitation { code, host: host.to_owned(), tenant: tenant.to_owned() };
    invitation.save().await?;
    Ok(invitation)
}

/// The open invitations of a tenant.
pub(crate) async fn of(tenant: &str) -> Result<Vec<Invitation>, Error> {
    let mut open = Invitation::find(Invitation::TENANT, tenant).await?;
    open.sort_by(|one, other| one.host.cmp(&other.host));
    Ok(open)
}

/// The open invitation of a host.
pub(crate) async fn for_host(host: &str) -> Result<Option<Invitation>, Error> {
    Ok(Invitation::find_unique(Invitation::HOST, host).await?)
}

/// Gives the host to the tenant, and ends the invitation. A worker that dies in between leaves it open: taking it up once more
/// does the same again.
pub(crate) async fn accept(db: &Db, code: &str) -> Result<Invitation, Error> {
    let found = Invitation::load(code).await?;
    let invitation = found.ok_or_else(|| Error::NotFound("no open invitation has this code".to_owned()))?;
    hosts::give(db, &invitation.host, &invitation.tenant, None).await?;
    Invitation::delete(code).await?;
    Ok(invitation)
}
