//! All that an expansion of the macros may name.

pub use std::pin::pin;

pub use crate::cache::{Place, Site};
pub use crate::call::{
    Always, Judge, Lead, LeaderFailure, LeaderReturn, Look, Miss, Name, NamePart, RevisionText, Running, StoreIf,
    Write, invalidates, lead, look, look_at, revision, text, text_of,
};
pub use crate::instance::{EntryOf, entry_of};
pub use crate::key::Key;
#[cfg(any(feature = "redis", feature = "testkit"))]
pub use crate::record::{Filing, Former};
pub use crate::revision::{LeftOut, Unrevised};
pub use crate::value::{
    CanFail, Declared, Failures, LivesIn, Local, LocalKey, MayBeNone, Now, Opaque, Outcome, Pending, Plain, Return,
    Settled, Shape, Shared, SharedKey, Storable, TakenAlong, Unfailing, Whole, lend, own,
};

/// A value of any type, for an expression that tells the compiler a type and is never run.
#[must_use]
pub fn never<T>() -> T {
    unreachable!("only the type of this call is used")
}
