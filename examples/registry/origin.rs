//! Where an answer came from: told by what the counters did while it was made.

use std::fmt;

use larder_example_registry::Db;
use serde::{Deserialize, Serialize};

/// Where an answer came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Origin {
    /// The function's body ran, and asked the database.
    Body,
    Memory,
    Redis,
    /// Nothing was asked: the request was refused before.
    Nowhere,
}

/// The counters before a call. They tell where its answer came from if no other call runs meanwhile.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Before {
    asked: u64,
    memory: u64,
    redis: u64,
}

impl Before {
    pub(crate) fn now(db: &Db) -> Self {
        let calls = larder::stats().functions.into_values();
        let (memory, redis) = calls.fold((0, 0), |sum, counts| (sum.0 + counts.hits_memory, sum.1 + counts.hits_redis));
        Self { asked: db.asked(), memory, redis }
    }

    pub(crate) fn origin(self, db: &Db) -> Origin {
        let after = Self::now(db);
        if after.asked > self.asked {
            Origin::Body
        } else if after.redis > self.redis {
            Origin::Redis
        } else if after.memory > self.memory {
            Origin::Memory
        } else {
            Origin::Nowhere
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Body => "body",
            Self::Memory => "memory",
            Self::Redis => "redis",
            Self::Nowhere => "-",
        })
    }
}
