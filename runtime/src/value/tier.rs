//! Which tiers a value's type can live in.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Turns values into bytes and back, or says that it cannot.
pub trait Tier<V> {
    /// Writes a value in a form that names its fields; `None` when it cannot be written.
    fn encode(value: &V) -> Option<Vec<u8>>;

    /// Reads what [`encode`](Self::encode) wrote; `None` for anything else.
    fn decode(bytes: &[u8]) -> Option<V>;
}

/// Memory only: any type.
#[derive(Clone, Copy, Debug)]
pub struct Local;

impl<V> Tier<V> for Local {
    fn encode(_: &V) -> Option<Vec<u8>> {
        None
    }

    fn decode(_: &[u8]) -> Option<V> {
        None
    }
}

/// Memory and Redis: a type that serde can write and read.
#[derive(Clone, Copy, Debug)]
pub struct Shared;

/// A value that can be stored in Redis.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be stored in Redis",
    label = "needs `serde::Serialize` and `serde::de::DeserializeOwned`",
    note = "write `#[derive(serde::Serialize, serde::Deserialize)]` over the type, or keep this function in memory with `store = memory`"
)]
pub trait Portable: Serialize + DeserializeOwned {}

impl<T: Serialize + DeserializeOwned> Portable for T {}

#[cfg(feature = "redis")]
impl<V: Portable> Tier<V> for Shared {
    fn encode(value: &V) -> Option<Vec<u8>> {
        rmp_serde::to_vec_named(value).ok()
    }

    fn decode(bytes: &[u8]) -> Option<V> {
        /// Deeper values are refused before they can exhaust the stack.
        const DEPTH: usize = 128;
        let mut reader = rmp_serde::Deserializer::from_read_ref(bytes);
        reader.set_max_depth(DEPTH);
        serde::Deserialize::deserialize(&mut reader).ok()
    }
}

#[cfg(not(feature = "redis"))]
impl<V: Portable> Tier<V> for Shared {
    fn encode(_: &V) -> Option<Vec<u8>> {
        None
    }

    fn decode(_: &[u8]) -> Option<V> {
        None
    }
}
