//! What the functions of the matrix take: what cannot be in a key, trait objects that can, a derived key.

use larder::{CacheKey, KeyWriter};

/// What cannot be in a key.
#[derive(Clone, Debug, Default)]
pub(crate) struct Db {
    pub(crate) rows: u32,
}

pub(crate) trait Store: Send + Sync {
    fn rows(&self) -> u32;
}

impl Store for Db {
    fn rows(&self) -> u32 {
        self.rows
    }
}

/// A trait whose objects are part of a key.
pub(crate) trait Named: CacheKey + Send + Sync {
    fn name(&self) -> String;
}

pub(crate) struct Number(pub(crate) u32);
pub(crate) struct Text(pub(crate) &'static str);

impl CacheKey for Number {
    fn encode_key(&self, out: &mut KeyWriter) {
        out.bytes(0x80, &self.0.to_le_bytes());
    }
}

impl CacheKey for Text {
    fn encode_key(&self, out: &mut KeyWriter) {
        out.bytes(0x81, self.0.as_bytes());
    }
}

impl Named for Number {
    fn name(&self) -> String {
        self.0.to_string()
    }
}

impl Named for Text {
    fn name(&self) -> String {
        self.0.to_owned()
    }
}

#[derive(CacheKey, Clone, Debug)]
pub(crate) struct Span {
    pub(crate) low: u32,
    pub(crate) high: u32,
}
