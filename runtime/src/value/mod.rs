//! What a function's return type means to a cache, and how its values travel.

mod cacheable;
mod taken;
mod tier;

pub use cacheable::{Cacheable, Declared, Opaque, Outcome, Plain, Return, Shape, Storable};
pub use taken::{TakenAlong, lend, own};
pub(crate) use tier::Codec;
pub use tier::{Local, Shared, Tier};
