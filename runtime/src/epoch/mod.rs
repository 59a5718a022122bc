//! Epochs: what an entity or a tag is at, and what a value was computed at.

mod canonical;
mod cell;
mod entries;
mod stamp;
mod table;

#[cfg(feature = "redis")]
pub(crate) use canonical::is_canonical;
pub(crate) use canonical::{EVERYTHING, canonical};
pub(crate) use cell::{Cell, Epoch, Guard};
pub(crate) use entries::{Entries, Owner, is_entry, mark};
pub(crate) use stamp::Stamp;
pub(crate) use table::Table;
