//! Who is in which team: asked before every request, and so cached.

use std::collections::BTreeSet;
use std::sync::Arc;

use larder::{invalidates, ttl_cached};

use crate::error::Error;
use crate::store::Db;
use crate::viewer::Viewer;

/// What a person may see beyond what is public.
#[derive(Debug)]
pub(crate) struct Standing {
    pub(crate) teams: BTreeSet<String>,
    pub(crate) admin: bool,
}

/// The standing of a person.
///
/// `strict`: whoever was put out of a team is out at once, in every process, for one small question to Redis. In memory
/// alone: who is in which team is nobody else's business.
#[ttl_cached(entity = "members", ttl = "60s", skip(db), tags("member:{name}"), coherence = strict, store = memory)]
pub(crate) async fn standing(db: &Db, name: &str) -> Result<Option<Arc<Standing>>, Error> {
    Ok(db.standing(name).await?.map(Arc::new))
}

/// Takes a person into a team; one who was not known is, from then on.
///
/// # Errors
///
/// `Forbidden` for all but administrators, and failures of the database.
#[invalidates("member:{name}", phase = around, max_txn = "5s")]
pub async fn join(viewer: &Viewer, name: &str, team: &str) -> Result<(), Error> {
    viewer.administrates()?;
    viewer.db().join(name, team).await
}

/// Puts a person out of a team. `around`: also where this process is killed between its commit and its end.
///
/// # Errors
///
/// `Forbidden` for all but administrators, and failures of the database.
#[invalidates("member:{name}", phase = around, max_txn = "5s")]
pub async fn leave(viewer: &Viewer, name: &str, team: &str) -> Result<(), Error> {
    viewer.administrates()?;
    viewer.db().leave(name, team).await
}
