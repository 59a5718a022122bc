//! All that an expansion of the macros may name.

pub use crate::cache::Site;
pub use crate::call::{
    Job, Lead, LeadSite, LeaderFailure, LeaderReturn, Name, Revision, Work, Write, WriteSite, hexsha_cached,
    hexsha_cached_blocking, invalidates, lead, text, ttl_cached, ttl_cached_blocking,
};
pub use crate::key::Key;
pub use crate::value::{Declared, Local, Opaque, Outcome, Plain, Return, Shape, Shared, Storable, Tier};

/// A value of any type, for an expression that tells the compiler a type and is never run.
#[must_use]
pub fn never<T>() -> T {
    unreachable!("only the type of this call is used")
}
