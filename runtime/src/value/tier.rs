//! Which tiers a value's type can live in.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::key::Key;

/// Turns values into bytes and back, or says that it cannot.
pub trait Tier<V> {
    /// Writes a value in a form that names its fields; `None` when it cannot be written.
    fn encode(value: &V) -> Option<Vec<u8>>;

    /// Reads what [`encode`](Self::encode) wrote; `None` for anything else.
    fn decode(bytes: &[u8]) -> Option<V>;
}

/// A tier's two functions, so that what a miss does depends on the type of the value alone.
#[derive(Debug)]
pub(crate) struct Codec<V> {
    pub(crate) encode: fn(&V) -> Option<Vec<u8>>,
    pub(crate) decode: fn(&[u8]) -> Option<V>,
}

impl<V> Codec<V> {
    pub(crate) fn of<T: Tier<V>>() -> Self {
        Self { encode: T::encode, decode: T::decode }
    }
}

/// Memory only: any type.
#[derive(Clone, Copy, Debug)]
pub struct Local;

impl Local {
    /// The key of a call whose value lives in memory.
    #[inline]
    #[must_use]
    pub fn key() -> Key<Self> {
        Key::new(true)
    }

    /// The same, for a call that is cached only on a condition.
    #[inline]
    #[must_use]
    pub fn when(wanted: bool) -> Key<Self> {
        Key::new(wanted)
    }
}

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

impl Shared {
    /// The key of a call whose value lives in memory and Redis.
    #[inline]
    #[must_use]
    pub fn key() -> Key<Self> {
        Key::new(true)
    }

    /// The same, for a call that is cached only on a condition.
    #[inline]
    #[must_use]
    pub fn when(wanted: bool) -> Key<Self> {
        Key::new(wanted)
    }
}

/// A value that can be stored in Redis.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be stored in Redis",
    label = "needs `serde::Serialize` and `serde::de::DeserializeOwned`",
    note = "write `#[derive(serde::Serialize, serde::Deserialize)]` over the type, or keep this function in memory with `store = memory`"
)]
pub trait Portable: Serialize + DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Portable for T {}

#[cfg(any(feature = "redis", feature = "testkit"))]
impl<V: Portable> Tier<V> for Shared {
    /// A value with a `Some(None)` inside stays in memory: MessagePack would read it as `None`.
    fn encode(value: &V) -> Option<Vec<u8>> {
        if crate::key::holds_some_of_nothing(value) {
            return None;
        }
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

#[cfg(not(any(feature = "redis", feature = "testkit")))]
impl<V: Portable> Tier<V> for Shared {
    fn encode(_: &V) -> Option<Vec<u8>> {
        None
    }

    fn decode(_: &[u8]) -> Option<V> {
        None
    }
}

#[cfg(all(test, any(feature = "redis", feature = "testkit")))]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded_or_not_encoded_at_all() {
        let nested: [Option<Option<u8>>; 3] = [None, Some(None), Some(Some(1))];
        for value in nested {
            let bytes = <Shared as Tier<Option<Option<u8>>>>::encode(&value);
            assert_eq!(bytes.is_none(), value == Some(None));
            if let Some(bytes) = bytes {
                assert_eq!(<Shared as Tier<Option<Option<u8>>>>::decode(&bytes), Some(value));
            }
        }
        let large = (u64::MAX, i128::MIN, u128::MAX, f64::MIN_POSITIVE, "\u{1F980}\0".to_owned(), ());
        let bytes = <Shared as Tier<(u64, i128, u128, f64, String, ())>>::encode(&large).expect("encodes");
        assert_eq!(<Shared as Tier<(u64, i128, u128, f64, String, ())>>::decode(&bytes), Some(large));
    }

    #[test]
    fn bytes_of_another_shape_are_nothing() {
        for bytes in [&b""[..], b"\xc1", b"\xdf\xff\xff\xff\xff", &[0x91; 100_000]] {
            assert_eq!(<Shared as Tier<Vec<String>>>::decode(bytes), None);
        }
    }
}
