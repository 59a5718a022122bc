//! Epochs: what an entity or a tag is at, and what a value was computed at.

#[cfg(any(feature = "redis", feature = "testkit"))]
mod again;
mod canonical;
mod cell;
mod entries;
#[cfg(all(test, any(feature = "redis", feature = "testkit")))]
mod kept_tests;
#[cfg_attr(not(feature = "redis"), allow(dead_code, reason = "what only Redis asks for"))]
mod number;
#[cfg(feature = "axum")]
mod recent;
mod stamp;
mod table;
#[cfg(all(test, any(feature = "redis", feature = "testkit")))]
mod tests;
#[cfg_attr(not(feature = "redis"), allow(dead_code, reason = "what only Redis asks for"))]
mod told;

pub(crate) use canonical::{EVERYTHING, canonical, is_canonical};
pub(crate) use cell::{Cell, Guard};
#[cfg(any(feature = "redis", feature = "testkit"))]
pub(crate) use entries::Single;
pub(crate) use entries::{Entries, Owner, is_entry, mark};
pub(crate) use number::Epoch;
#[cfg(feature = "axum")]
pub(crate) use recent::{Recent, owner_of};
pub(crate) use stamp::Stamp;
pub(crate) use table::Table;
#[cfg(feature = "redis")]
pub(crate) use told::Reading;
pub(crate) use told::{Fence, Fencing, Told};
