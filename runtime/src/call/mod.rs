//! What an expansion calls: typed builders that end in one run.

mod cached;
mod lead;
mod names;
mod work;
mod write;

pub use cached::{Look, Miss, look, look_at, revision, text_of};
pub use lead::{Lead, LeadSite, LeaderFailure, LeaderReturn, lead};
pub use names::{Name, text};
pub(crate) use work::LateName;
pub use work::{Job, Work};
pub use write::{Write, WriteSite, invalidates};
