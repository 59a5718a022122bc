//! What is asked of whoever keeps records. Each request is one atomic step for each record, and goes on if the reply is
//! dropped.

use std::time::Duration;

use super::filing::Drawer;
use crate::remote::Reply;

/// What stands for a key or a value where records are kept.
pub(crate) type Digest = [u8; 32];

/// A field and the hash of a value of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Filled {
    pub(crate) field: &'static str,
    pub(crate) value: Digest,
}

/// What a record is found by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) filled: Filled,
    /// Whether no other record may be found by it.
    pub(crate) unique: bool,
}

/// A record to store.
#[derive(Clone, Debug)]
pub(crate) struct Filed {
    pub(crate) drawer: Drawer,
    pub(crate) own: Digest,
    pub(crate) shape: String,
    /// The other shapes that this one may take the place of.
    pub(crate) former: Vec<String>,
    pub(crate) life: Option<Duration>,
    pub(crate) payload: Vec<u8>,
    pub(crate) indexes: Vec<Entry>,
}

/// What became of a save.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Saved {
    Stored,
    /// Another record has the value of this field.
    Taken {
        field: String,
    },
    /// What is stored there is of a shape that this version does not know.
    Foreign,
}

/// A record as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) shape: String,
    /// `None`: the bytes are not what was stored.
    pub(crate) payload: Option<Vec<u8>>,
}

/// Keeps records.
pub(crate) trait Shelf {
    fn save(&self, filed: Filed) -> Reply<'static, Saved>;

    fn load(&self, drawer: Drawer, own: Digest) -> Reply<'static, Option<Stored>>;

    /// Each record that is found by this.
    fn find(&self, drawer: Drawer, filled: Filled) -> Reply<'static, Vec<Stored>>;

    /// `false`: there was none.
    fn delete(&self, drawer: Drawer, own: Digest) -> Reply<'static, bool>;

    /// What is left of a record's life; `Duration::MAX` without an end.
    fn life(&self, drawer: Drawer, own: Digest) -> Reply<'static, Option<Duration>>;
}
