//! What an operator's tools see of a namespace beyond what a program needs: no part of the public API.

use std::collections::BTreeMap;

use tokio::sync::broadcast;

use crate::error::{Error, ErrorKind};
use crate::instance::Larder;
use crate::remote::Refusal;

/// What Redis holds of a namespace.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Survey {
    /// Every name that has an epoch.
    pub names: Vec<Name>,
    /// What is stored, by entity and function as their keys spell them.
    pub functions: BTreeMap<(String, String), Stored>,
    /// How many servers were asked.
    pub servers: usize,
    /// Their keys, those of other namespaces among them.
    pub keys: u64,
    /// `false`: there were more keys than were to be looked at.
    pub complete: bool,
    /// The time of the first server, in microseconds since 1970.
    pub now_us: u64,
}

/// An entity or a tag.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Name {
    /// The name; a `#` and its SHA-256 where it is not plain.
    pub name: String,
    /// Its epoch, as receipts tell it.
    pub epoch: String,
    /// When that was raised: by an end, or as a process first met the name; in microseconds since 1970.
    pub since_us: u64,
    /// Writes with `phase = around` that are under way.
    pub fences: usize,
    /// Values of functions that show it; `None` where keys cannot tell.
    pub values: Option<u64>,
}

/// The values of one function.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Stored {
    /// How many, those among them that were ended and wait for their time.
    pub values: u64,
    /// So many were weighed.
    pub weighed: u64,
    /// What these take of the server's memory, in bytes.
    pub bytes: u64,
}

/// What the processes of a namespace tell each other.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Announcement {
    /// A name was ended; or (`first`) a process met one that had no epoch; or, where the epoch is the one before, a fence fell.
    Epoch {
        /// The name, as in [`Name`].
        name: String,
        /// The epoch.
        epoch: String,
        /// Nothing was ended.
        first: bool,
        /// Writes that are under way.
        fences: usize,
    },
    /// A lease was let go.
    Released {
        /// Its key.
        lease: String,
    },
    /// Some came faster than they were taken.
    Missed(u64),
}

/// Looks at no more than `most` keys of each server; at all of a namespace that has fewer.
///
/// # Errors
///
/// [`ErrorKind::Unavailable`] when Redis is away, or forbids one of the commands.
pub async fn survey(larder: &Larder, most: u64) -> Result<Survey, Error> {
    let Some(remote) = larder.remote() else {
        return Err(Error::new(ErrorKind::Configuration, "no Redis is configured, so there is nothing to look at"));
    };
    remote.survey(most).await.map_err(|refusal| {
        let cure = match refusal {
            Refusal::Failed(_) => "the user needs `+scan`, `+time`, `+get` and `+memory|usage`",
            _ => "try again when it is back",
        };
        Error::new(ErrorKind::Unavailable, format!("the keys could not be looked at: {refusal}; {cure}"))
    })
}

/// Hears what is announced from now on.
#[derive(Debug)]
pub struct Announcements(broadcast::Receiver<Announcement>);

/// `None` without Redis.
#[must_use]
pub fn announcements(larder: &Larder) -> Option<Announcements> {
    larder.remote()?.announcements().map(Announcements)
}

impl Announcements {
    /// The next one; `None` when the instance is gone.
    pub async fn next(&mut self) -> Option<Announcement> {
        match self.0.recv().await {
            Ok(announcement) => Some(announcement),
            Err(broadcast::error::RecvError::Lagged(missed)) => Some(Announcement::Missed(missed)),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}
