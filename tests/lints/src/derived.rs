//! Types that are part of a key.

use larder::CacheKey;

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
