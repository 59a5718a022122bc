//! What the functions take: a configuration, derived keys, and types with methods.

use async_trait::async_trait;
use renamed::{CacheKey, HexSha, hexsha_cached, invalidates, leader, ttl_cached};

/// A configuration whose text is its revision.
#[derive(Debug)]
pub struct Config(pub &'static str);

impl HexSha for Config {
    fn hexsha(&self) -> &str {
        self.0
    }
}

/// A generic key.
#[derive(CacheKey, Debug)]
#[key(crate = ::renamed)]
pub struct Filter<T> {
    /// In the key.
    pub team: T,
    /// Not in the key.
    #[key(skip)]
    pub trace: u64,
}

/// A key that is an enum.
#[derive(CacheKey, Debug)]
#[key(crate = ::renamed)]
pub enum Page {
    /// The first page.
    First,
    /// The page after this row.
    After(u32),
}

/// A type with methods.
#[derive(Debug)]
pub struct Shelf {
    /// What tells shelves apart.
    pub id: u32,
    /// What counts runs.
    pub ran: fn(),
}

/// A trait of boxed and provided methods.
#[async_trait]
pub trait Repo {
    /// Reads.
    async fn read(&self, plus: u32) -> u32;

    /// Writes.
    async fn write(&mut self, ids: (u32, u32)) -> Option<u32>;

    /// Tells what the type is.
    #[hexsha_cached(skip(ran), crate = ::renamed)]
    fn provided(config: &Config, ran: fn()) -> &'static str
    where
        Self: Sized,
    {
        ran();
        std::any::type_name::<Self>()
    }
}

#[async_trait]
impl Repo for Shelf {
    #[ttl_cached(entity = "edition2021", key(self.id, plus), crate = ::renamed)]
    async fn read(&self, plus: u32) -> u32 {
        (self.ran)();
        self.id + plus
    }

    #[invalidates(("shelf", first), ("ret", ret.unwrap_or_default()), crate = ::renamed)]
    async fn write(&mut self, (first, second): (u32, u32)) -> Option<u32> {
        (self.ran)();
        self.id = first;
        first.checked_sub(second)
    }
}

impl Shelf {
    /// Leads.
    #[leader(("shelf", self.id), ttl = "1m", grace = "1m", crate = ::renamed)]
    pub async fn lead(&mut self) -> Option<&mut u32> {
        (self.ran)();
        Some(&mut self.id)
    }
}
