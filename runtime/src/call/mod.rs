//! What an expansion calls: typed builders that end in one run.

mod cached;
mod engine;
mod lead;
mod names;
mod running;
mod tags;
mod write;

pub use cached::{Always, Judge, Look, Miss, RevisionText, StoreIf, look, look_at, revision, text_of};
pub use lead::{Lead, LeaderFailure, LeaderReturn, lead};
pub use names::{Name, NamePart, text};
pub use running::Running;
pub(crate) use tags::{Tags, Texts};
pub use write::{Write, invalidates};
