//! Which tiers a value's type can live in.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Storable;
use crate::cache::AnyValue;
use crate::key::Key;

/// A value that can live in the tiers `T`: it becomes bytes there and comes back, or stays in memory.
///
/// It is the value that has the trait: so a type that does not fit is blamed on what the function returns.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be stored in Redis",
    label = "needs `serde::Serialize` and `serde::de::DeserializeOwned`",
    note = "write `#[derive(serde::Serialize, serde::Deserialize)]` over the type, or keep this function in memory with `store = memory`"
)]
pub trait LivesIn<T>: Sized {
    /// Writes the value in a form that names its fields; `None` when it cannot be written.
    fn encode(&self) -> Option<Vec<u8>> {
        None
    }

    /// Reads what [`encode`](Self::encode) wrote; `None` for anything else.
    fn decode(_bytes: &[u8]) -> Option<Self> {
        None
    }
}

/// The two functions of a value's tiers, for values whose type is not known.
#[derive(Debug)]
pub(crate) struct Codec {
    pub(crate) encode: fn(&AnyValue) -> Option<Vec<u8>>,
    pub(crate) decode: fn(&[u8]) -> Option<Box<AnyValue>>,
}

impl Codec {
    pub(crate) fn of<V: Storable + LivesIn<T>, T>() -> Self {
        Self { encode: |value| value.downcast_ref::<V>()?.encode(), decode: |bytes| Some(Box::new(V::decode(bytes)?)) }
    }
}

/// Memory only: any type.
#[derive(Clone, Copy, Debug)]
pub struct Local;

impl<V> LivesIn<Local> for V {}

/// Memory and Redis: a type that serde can write and read.
#[derive(Clone, Copy, Debug)]
pub struct Shared;

/// The key of a call whose value lives in memory.
pub type LocalKey = Key<Local>;

/// The key of a call whose value lives in memory and Redis.
pub type SharedKey = Key<Shared>;

#[cfg(any(feature = "redis", feature = "testkit"))]
#[diagnostic::do_not_recommend]
impl<V: Serialize + DeserializeOwned> LivesIn<Shared> for V {
    /// A value with a `Some(None)` inside stays in memory: MessagePack would read it as `None`.
    fn encode(&self) -> Option<Vec<u8>> {
        if crate::key::holds_some_of_nothing(self) {
            return None;
        }
        rmp_serde::to_vec_named(self).ok()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        /// Deeper values are refused before they can exhaust the stack.
        const DEPTH: usize = 128;
        let mut reader = rmp_serde::Deserializer::from_read_ref(bytes);
        reader.set_max_depth(DEPTH);
        serde::Deserialize::deserialize(&mut reader).ok()
    }
}

#[cfg(not(any(feature = "redis", feature = "testkit")))]
#[diagnostic::do_not_recommend]
impl<V: Serialize + DeserializeOwned> LivesIn<Shared> for V {}

#[cfg(all(test, any(feature = "redis", feature = "testkit")))]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded_or_not_encoded_at_all() {
        let nested: [Option<Option<u8>>; 3] = [None, Some(None), Some(Some(1))];
        for value in nested {
            let bytes = LivesIn::<Shared>::encode(&value);
            assert_eq!(bytes.is_none(), value == Some(None));
            if let Some(bytes) = bytes {
                assert_eq!(LivesIn::<Shared>::decode(&bytes), Some(value));
            }
        }
        let large = (u64::MAX, i128::MIN, u128::MAX, f64::MIN_POSITIVE, "\u{1F980}\0".to_owned(), ());
        let bytes = LivesIn::<Shared>::encode(&large).expect("encodes");
        assert_eq!(LivesIn::<Shared>::decode(&bytes), Some(large));
    }

    #[test]
    fn bytes_of_another_shape_are_nothing() {
        for bytes in [&b""[..], b"\xc1", b"\xdf\xff\xff\xff\xff", &[0x91; 100_000]] {
            assert_eq!(<Vec<String> as LivesIn<Shared>>::decode(bytes), None);
        }
    }

    /// Reads itself out of arrays in arrays.
    #[derive(Debug, PartialEq)]
    struct Nested(Vec<Nested>);

    impl<'de> serde::Deserialize<'de> for Nested {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            Vec::deserialize(deserializer).map(Nested)
        }
    }

    impl Serialize for Nested {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            self.0.serialize(serializer)
        }
    }

    /// Has no use for what it is given.
    #[derive(Debug, PartialEq)]
    struct Indifferent;

    impl<'de> serde::Deserialize<'de> for Indifferent {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            serde::de::IgnoredAny::deserialize(deserializer).map(|_| Self)
        }
    }

    impl Serialize for Indifferent {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_unit()
        }
    }

    #[test]
    fn no_depth_exhausts_the_stack() {
        for (opening, closing) in [(&[0x91][..], &[0x90][..]), (&[0x81, 0xa1, b'x'], &[0xc0]), (&[0xdc, 0, 1], &[0x90])]
        {
            for depth in [1_000, 1_000_000] {
                let bomb = [opening.repeat(depth), closing.to_vec()].concat();
                assert_eq!(<Nested as LivesIn<Shared>>::decode(&bomb), None, "{depth}");
                assert_eq!(<Indifferent as LivesIn<Shared>>::decode(&bomb), None, "{depth}");
            }
        }
        let deep = [vec![0x91; 50], vec![0x90]].concat();
        assert!(<Nested as LivesIn<Shared>>::decode(&deep).is_some(), "fifty levels are a value");
    }

    #[test]
    fn a_lie_about_a_length_is_nothing() {
        for lie in [
            &b"\xdd\xff\xff\xff\xff\x01"[..],
            b"\xdb\xff\xff\xff\xff\x01",
            b"\xc6\xff\xff\xff\xff\x01",
            b"\xdf\xff\xff\xff\xff\x01\x01",
        ] {
            assert_eq!(<Vec<u64> as LivesIn<Shared>>::decode(lie), None);
            assert_eq!(<Vec<[u64; 32]> as LivesIn<Shared>>::decode(lie), None);
            assert_eq!(<String as LivesIn<Shared>>::decode(lie), None);
            assert_eq!(<std::collections::HashMap<u64, u64> as LivesIn<Shared>>::decode(lie), None);
        }
    }
}
