//! Keys from `serde::Serialize`, for the types of other crates.

use std::fmt;

use serde::Serialize;
use serde::ser::{self, Serializer};

use super::{CacheKey, KeyWriter, tag};

/// A key part made from any `Serialize` value: see [`by_serde`].
#[derive(Clone, Copy, Debug)]
pub struct BySerde<'a, T: ?Sized>(&'a T);

/// Lets a value of another crate's type be part of a key, by way of its `serde::Serialize`.
///
/// The form is as strict as that of [`CacheKey`]: typed, length-prefixed, with the names of structs, fields and
/// variants; maps do not depend on their order. A value whose `Serialize` fails makes the call run uncached.
///
/// # Examples
///
/// ```
/// use std::time::Duration; // stands for a foreign type
/// # fn key(_: impl larder::CacheKey) {}
/// key(larder::by_serde(&Duration::from_secs(1)));
/// ```
pub const fn by_serde<T: Serialize + ?Sized>(value: &T) -> BySerde<'_, T> {
    BySerde(value)
}

impl<T: Serialize + ?Sized> CacheKey for BySerde<'_, T> {
    fn encode_key(&self, out: &mut KeyWriter) {
        if self.0.serialize(Form { out }).is_err() {
            out.give_up();
        }
    }
}

/// Whether the value holds a `Some(None)` or a `Some(())`, which formats without a mark for `Some` read as `None`.
#[cfg(any(feature = "redis", feature = "testkit"))]
pub(crate) fn holds_some_of_nothing<T: Serialize + ?Sized>(value: &T) -> bool {
    let mut out = KeyWriter::default();
    value.serialize(Form { out: &mut out }).is_err() || out.some_of_nothing
}

/// Serialises into the canonical form.
struct Form<'a> {
    out: &'a mut KeyWriter,
}

/// A `Serialize` implementation refused its value.
#[derive(Debug)]
struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the value could not be serialised into a cache key")
    }
}

impl std::error::Error for Refused {}

impl ser::Error for Refused {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

macro_rules! plain {
    ($($method:ident: $type:ty),*) => {$(
        fn $method(self, value: $type) -> Result<(), Refused> {
            value.encode_key(self.out);
            Ok(())
        }
    )*};
}

impl<'a> Serializer for Form<'a> {
    type Ok = ();
    type Error = Refused;
    type SerializeSeq = Items<'a>;
    type SerializeTuple = Items<'a>;
    type SerializeTupleStruct = Items<'a>;
    type SerializeTupleVariant = Items<'a>;
    type SerializeMap = Pairs<'a>;
    type SerializeStruct = Items<'a>;
    type SerializeStructVariant = Items<'a>;

    plain! {
        serialize_bool: bool, serialize_char: char, serialize_str: &str,
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64, serialize_i128: i128,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_u128: u128,
        serialize_f32: f32, serialize_f64: f64
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Refused> {
        self.out.bytes(tag::BYTES, value);
        Ok(())
    }

    fn serialize_none(self) -> Result<(), Refused> {
        self.out.mark(tag::NONE);
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Refused> {
        self.out.mark(tag::SOME);
        let inside = self.out.form.len();
        value.serialize(Form { out: self.out })?;
        self.out.some_of_nothing |= matches!(self.out.form.byte(inside), Some(tag::NONE | tag::UNIT));
        Ok(())
    }

    fn serialize_unit(self) -> Result<(), Refused> {
        self.out.mark(tag::UNIT);
        Ok(())
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<(), Refused> {
        self.out.bytes(tag::STRUCT, name.as_bytes());
        Ok(())
    }

    fn serialize_unit_variant(mut self, name: &'static str, _: u32, variant: &'static str) -> Result<(), Refused> {
        self.named(name, variant);
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<(), Refused> {
        self.out.bytes(tag::STRUCT, name.as_bytes());
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        mut self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Refused> {
        self.named(name, variant);
        value.serialize(self)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Items<'a>, Refused> {
        Ok(Items { out: self.out, count: 0 })
    }

    fn serialize_tuple(self, _: usize) -> Result<Items<'a>, Refused> {
        Ok(Items { out: self.out, count: 0 })
    }

    fn serialize_tuple_struct(self, name: &'static str, _: usize) -> Result<Items<'a>, Refused> {
        self.out.bytes(tag::STRUCT, name.as_bytes());
        Ok(Items { out: self.out, count: 0 })
    }

    fn serialize_tuple_variant(
        mut self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Items<'a>, Refused> {
        self.named(name, variant);
        Ok(Items { out: self.out, count: 0 })
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Pairs<'a>, Refused> {
        Ok(Pairs { out: self.out, pairs: Vec::new(), key: None })
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Items<'a>, Refused> {
        self.out.bytes(tag::STRUCT, name.as_bytes());
        Ok(Items { out: self.out, count: 0 })
    }

    fn serialize_struct_variant(
        mut self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Items<'a>, Refused> {
        self.named(name, variant);
        Ok(Items { out: self.out, count: 0 })
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

impl Form<'_> {
    fn named(&mut self, name: &str, variant: &str) {
        self.out.bytes(tag::STRUCT, name.as_bytes());
        self.out.bytes(tag::VARIANT, variant.as_bytes());
    }
}

/// Ordered items: each is marked, and the end carries their number.
struct Items<'a> {
    out: &'a mut KeyWriter,
    count: usize,
}

impl Items<'_> {
    fn item<T: Serialize + ?Sized>(&mut self, name: Option<&'static str>, value: &T) -> Result<(), Refused> {
        self.count += 1;
        self.out.bytes(tag::ITEM, name.unwrap_or_default().as_bytes());
        value.serialize(Form { out: self.out })
    }

    fn finish(self) -> Result<(), Refused> {
        self.out.length(tag::SEQ, self.count);
        Ok(())
    }
}

macro_rules! items {
    ($($trait:ident . $method:ident),*) => {$(
        impl ser::$trait for Items<'_> {
            type Ok = ();
            type Error = Refused;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refused> {
                self.item(None, value)
            }

            fn end(self) -> Result<(), Refused> {
                self.finish()
            }
        }
    )*};
    (named $($trait:ident),*) => {$(
        impl ser::$trait for Items<'_> {
            type Ok = ();
            type Error = Refused;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Refused> {
                self.item(Some(name), value)
            }

            fn end(self) -> Result<(), Refused> {
                self.finish()
            }
        }
    )*};
}

items!(
    SerializeSeq.serialize_element,
    SerializeTuple.serialize_element,
    SerializeTupleStruct.serialize_field,
    SerializeTupleVariant.serialize_field
);
items!(named SerializeStruct, SerializeStructVariant);

/// Pairs without an order: gathered, then written sorted.
struct Pairs<'a> {
    out: &'a mut KeyWriter,
    pairs: Vec<KeyWriter>,
    key: Option<KeyWriter>,
}

impl ser::SerializeMap for Pairs<'_> {
    type Ok = ();
    type Error = Refused;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Refused> {
        let mut form = KeyWriter::default();
        key.serialize(Form { out: &mut form })?;
        self.key = Some(form);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refused> {
        let mut pair = self.key.take().ok_or(Refused)?;
        pair.mark(tag::ITEM);
        value.serialize(Form { out: &mut pair })?;
        self.pairs.push(pair);
        Ok(())
    }

    fn end(self) -> Result<(), Refused> {
        self.out.unordered(tag::MAP, self.pairs.into_iter());
        Ok(())
    }
}
