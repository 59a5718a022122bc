//! What an expansion calls: typed builders that end in one run.

mod cached;
mod lead;
mod names;
mod work;
mod write;

pub use cached::{Revision, hexsha_cached, hexsha_cached_blocking, ttl_cached, ttl_cached_blocking};
pub use lead::{Lead, LeadSite, LeaderFailure, LeaderReturn, lead};
pub use names::{Name, text};
pub(crate) use work::LateName;
pub use work::{Job, Work};
pub use write::{Write, WriteSite, invalidates};
