//! The calls that are compared: groups of contenders that return the same `Arc` for the same arguments.

mod filter;
mod number;
mod peers;
mod revision;
mod text;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::rounds::Group;

/// What every call returns.
#[derive(Debug, Serialize, Deserialize)]
pub struct Item {
    id: u64,
    name: String,
}

impl Item {
    fn new(id: u64) -> Arc<Self> {
        Arc::new(Self { id, name: format!("item {id}") })
    }
}

/// Calls go through this many keys in turn.
const KEYS: u64 = 64;
/// How many entries each cache may hold.
const CAPACITY: usize = 10_000;

/// Hits until a ttl ends, by the type of their key.
pub fn until_ttl() -> Vec<Group> {
    vec![number::group(), text::group(), filter::group()]
}

/// Hits under a revision: without and with one more argument.
pub fn of_revision() -> Vec<Group> {
    vec![revision::group(), revision::group_with_argument()]
}

/// A contender that calls a function with one key after the other; `.await`ed in one future if it is async.
macro_rules! calls {
    ($name:literal, $keys:expr, |$key:ident| $call:expr) => {{
        let keys = $keys;
        $crate::rounds::Contender::new($name, move |calls| {
            for at in 0..calls {
                let $key = std::hint::black_box(&keys[at % keys.len()]);
                std::hint::black_box($call);
            }
        })
    }};
    ($name:literal, $keys:expr, async |$key:ident| $call:expr) => {{
        let keys = $keys;
        $crate::rounds::Contender::new($name, move |calls| {
            pollster::block_on(async move {
                for at in 0..calls {
                    let $key = std::hint::black_box(&keys[at % keys.len()]);
                    std::hint::black_box($call.await);
                }
            });
        })
    }};
}
use calls;
