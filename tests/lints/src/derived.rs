//! Types that are part of a key, and records.

use larder::{CacheKey, Record};
use serde::{Deserialize, Serialize};

/// Named fields.
#[derive(CacheKey, Clone, Debug)]
pub struct Filter {
    /// Whose.
    pub team: Option<String>,
    /// How many.
    pub limit: u32,
    /// For logs.
    #[key(skip)]
    pub trace: u64,
}

/// Generic, and unnamed fields.
#[derive(CacheKey, Clone, Debug)]
pub struct Wrapped<T>(pub T, #[key(skip)] pub u64);

/// Variants of every kind.
#[derive(CacheKey, Clone, Debug)]
pub enum Page {
    /// None.
    First,
    /// Unnamed.
    After(u64, #[key(skip)] u8),
    /// Named.
    Between {
        /// From.
        low: u32,
        /// To.
        high: u32,
    },
}

/// Fields of every kind, some of them seen by nobody else.
#[derive(Clone, Debug, Serialize, Deserialize, Record)]
#[record(name = "tenant", ttl = "1h", from = TenantV1)]
pub struct Tenant {
    /// Its number.
    #[record(key)]
    pub id: u64,
    /// Its own.
    #[record(unique)]
    pub host: String,
    #[record(index)]
    plan: String,
    #[record(index)]
    r#type: Option<u8>,
    note: String,
}

/// What it was before.
#[derive(Clone, Debug, Serialize, Deserialize, Record)]
#[record(name = "tenant")]
pub struct TenantV1 {
    #[record(key)]
    id: u64,
}

impl From<TenantV1> for Tenant {
    fn from(before: TenantV1) -> Self {
        Self { id: before.id, host: String::new(), plan: String::new(), r#type: None, note: String::new() }
    }
}
