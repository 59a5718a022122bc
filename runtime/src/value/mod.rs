//! What a function's return type means to a cache, and how its values travel.

mod cacheable;
mod conclusion;
mod failing;
mod taken;
mod tier;

pub use cacheable::{Cacheable, Declared, Now, Opaque, Outcome, Pending, Plain, Return, Settled, Shape, Storable};
pub use conclusion::Conclusion;
pub use failing::{CanFail, Failures, MayBeNone, Unfailing, Whole};
pub use taken::{TakenAlong, lend, own};
pub(crate) use tier::Codec;
pub use tier::{LivesIn, Local, LocalKey, Shared, SharedKey};
