//! What an expansion calls: typed builders that end in one run.

mod cached;
mod lead;
mod names;
mod work;
mod write;

pub use cached::{Call, Revision, hexsha_cached, ttl_cached};
pub use lead::{Lead, LeadSite, LeaderFailure, LeaderReturn, lead};
pub use names::{Name, text};
pub use work::{Job, Work};
pub use write::{Write, WriteSite, invalidates};
