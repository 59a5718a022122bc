//! What the cache asks of a tier outside the process: any store that cannot honour a request refuses it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::epoch::{Cell, Epoch, Fencing, Told};
use crate::lease::Keeper;
use crate::stats::RedisStats;

/// A reply on its way.
pub(crate) type Reply<'a, T> = Pin<Box<dyn Future<Output = Result<T, Refusal>> + Send + 'a>>;

/// Why a request was not honoured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The link is down or the breaker is open: nothing was sent.
    Away,
    /// It was sent, and what became of it is not known.
    Unknown,
    /// The server answered with an error (its code: no key, no value).
    Failed(String),
    /// The store cannot do what was asked.
    Unsupported(&'static str),
    /// It was done, and fewer replicas have it than were wanted.
    Unreplicated { wanted: u32, has: u32 },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Away => f.write_str("Redis is away"),
            Self::Unknown => f.write_str("Redis did not answer in time"),
            Self::Failed(code) => write!(f, "Redis answered {code}"),
            Self::Unsupported(what) => write!(f, "the store cannot honour {what}"),
            Self::Unreplicated { wanted, has } => {
                write!(
                    f,
                    "{has} replicas had it in time, and `min_replicas` is {wanted}: look at their links to the master"
                )
            }
        }
    }
}

/// A stored value as it travels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) hash: [u8; 32],
    /// The epoch of its own entry.
    pub(crate) entry: Epoch,
    /// Those of all else that it depends on.
    pub(crate) stamp: Vec<(Arc<str>, Epoch)>,
    pub(crate) life: Duration,
    /// Which computation made it.
    pub(crate) made: u64,
    pub(crate) payload: Vec<u8>,
}

/// What was found under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Nothing,
    /// Bytes that are no record of this key.
    Garbled,
    Record(Record),
}

/// A value and some epochs, read in one round trip.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) found: Found,
    pub(crate) epochs: Vec<Option<Told>>,
}

/// A tier that several processes share. A reply comes behind every announcement that the tier made before it.
pub(crate) trait Remote: Keeper {
    /// Odd while the link is up; another number after each change.
    fn generation(&self) -> u64;

    /// Reads a value (if a key is given) and the epochs of `names`, in one round trip.
    fn read<'a>(&'a self, key: Option<(&'a str, [u8; 32])>, names: &'a [Arc<str>]) -> Reply<'a, Read>;

    /// Gives epochs to names that have none, and returns those in force.
    fn create<'a>(&'a self, names: &'a [Arc<str>]) -> Reply<'a, Vec<Told>>;

    /// Stores a value for its life.
    fn write(&self, key: String, record: Record) -> Reply<'_, ()>;

    /// Ends names everywhere. Begins at once; what Redis does not confirm is kept and sent again, also when the reply is
    /// dropped; the fence that was to come or go with it then stands or falls in this process alone, or runs out.
    fn end(&self, cells: Vec<Arc<Cell>>, fencing: Fencing) -> Reply<'static, Vec<Told>>;

    /// Takes fences away without ending anything. What does not get through runs out by itself.
    fn lower(&self, cells: &[Arc<Cell>], token: u64);

    /// Who keeps records there.
    #[cfg(any(feature = "redis", feature = "testkit"))]
    fn shelf(&self) -> &dyn crate::record::Shelf;

    /// One round trip to the server, timed.
    fn ping(&self) -> Reply<'static, Duration>;

    /// Waits for the first link, at most the operation timeout.
    fn settled(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;

    /// Why there is no link, and what to do.
    fn fault(&self) -> Option<String> {
        None
    }

    fn stats(&self) -> RedisStats;

    /// What is stored, found by walking the keys: for people, never for a call.
    #[cfg(feature = "redis")]
    fn survey(&self, _most: u64) -> Reply<'static, crate::__inspect::Survey> {
        Box::pin(async { Err(Refusal::Unsupported("a walk over its keys")) })
    }

    /// What is announced from now on.
    #[cfg(feature = "redis")]
    fn announcements(&self) -> Option<tokio::sync::broadcast::Receiver<crate::__inspect::Announcement>> {
        None
    }
}
