//! A registry over SQLite: tools, prompts, resources, agents, servers and gateways, with every list cached by larder.
//!
//! Begin with `lists.rs`: what is cached, and for how long. `changes.rs` has every write and what it ends, [`depends`]
//! what ends with what. A [`Viewer`] is the only door to the rows, and the key of all that is cached of them.

mod changes;
mod entities;
mod error;
mod filter;
mod item;
mod lists;
mod members;
mod reading;
mod routes;
mod secret;
mod seed;
mod statistics;
mod store;
mod viewer;
mod writing;

pub use crate::changes::{create, create_all, delete, set_active, update};
pub use crate::entities::{Agent, Entity, Gateway, Prompt, Resource, Server, Tool};
pub use crate::error::Error;
pub use crate::filter::{Filter, Page};
pub use crate::item::{Change, Item, Named, New, Visibility};
pub use crate::members::{join, leave};
pub use crate::routes::{router, serve};
pub use crate::secret::{Masked, Secret};
pub use crate::seed::{fill, grow};
pub use crate::statistics::{Statistics, Tally, Usage, statistics, usage};
pub use crate::store::Db;
pub use crate::viewer::Viewer;

/// What ends with what, because the one is shown in the other: a tool names its gateway, a server its tools.
///
/// Dependants of dependants end, too: a gateway's end reaches the servers that bundle its tools.
pub fn depends(builder: larder::Builder) -> larder::Builder {
    builder
        .depends("gateways", ["tools", "prompts", "resources", "statistics"])
        .depends("tools", ["servers", "statistics"])
        .depends("prompts", ["servers", "statistics"])
        .depends("resources", ["servers", "statistics"])
        .depends("agents", ["statistics"])
        .depends("servers", ["statistics"])
}
