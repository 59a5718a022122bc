//! The key of a cached call: its arguments in one canonical, typed, length-prefixed form.

mod by_serde;
mod form;
mod std_types;

use std::fmt;
use std::marker::PhantomData;

use sha2::{Digest as _, Sha256};

#[cfg(any(feature = "redis", feature = "testkit"))]
pub(crate) use by_serde::holds_some_of_nothing;
pub use by_serde::{BySerde, by_serde};
pub(crate) use form::{Form, StoredKey};

/// A value that can be part of a cache key.
///
/// The form is typed and length-prefixed: `1u32`, `1u64` and `"1"` differ, and so do `("ab", "c")` and `("a", "bc")`,
/// `None`, `Some("")` and `""`. Floats are told apart by their bits. Sets and maps do not depend on their order.
/// References, `Box`, `Rc`, `Arc` and `Cow` are what they point to.
///
/// Standard types implement it, `#[derive(CacheKey)]` implements it for your own, and [`by_serde`] covers the types of
/// other crates.
///
/// # Examples
///
/// ```
/// #[derive(larder::CacheKey)]
/// struct Filter {
///     team: Option<String>,
///     limit: u32,
///     #[key(skip)]
///     trace_id: u64,
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be part of a cache key",
    label = "not a cache key",
    note = "leave it out when it cannot change the result: `skip(..)` for a parameter, `#[key(skip)]` over a field",
    note = "or write `#[derive(larder::CacheKey)]` over the type",
    note = "a type of another crate that implements `serde::Serialize` can go in with `key(larder::by_serde(&value), ..)`"
)]
pub trait CacheKey {
    /// Writes this value's canonical form.
    fn encode_key(&self, out: &mut KeyWriter);
}

/// Receives the canonical form of a key.
#[derive(Default)]
pub struct KeyWriter {
    form: Form,
    unusable: bool,
    some_of_nothing: bool,
}

impl KeyWriter {
    /// Writes a byte string: a type tag, its length, its bytes.
    ///
    /// A hand-written [`CacheKey`] uses one tag from `0x80` up for each of its own types.
    #[inline]
    pub fn bytes(&mut self, tag: u8, bytes: &[u8]) {
        self.length(tag, bytes.len());
        self.form.push(bytes);
    }

    /// Writes the fingerprint of a type's shape: its name and those of its fields.
    #[inline]
    pub fn shape(&mut self, fingerprint: u64) {
        self.fixed(tag::SHAPE, fingerprint.to_le_bytes());
    }

    #[inline]
    pub(crate) fn mark(&mut self, tag: u8) {
        self.form.push_word(u64::from(tag), 1);
    }

    /// Writes a length: a short one in one byte.
    #[inline]
    pub(crate) fn length(&mut self, tag: u8, length: usize) {
        const LONG: u64 = 0xff;
        if length < 0x80 {
            self.form.push_word(u64::from(tag) | (length as u64) << 8, 2);
        } else {
            self.form.push_word(u64::from(tag) | LONG << 8, 2);
            self.form.push_word(length as u64, 8);
        }
    }

    #[inline]
    pub(crate) fn fixed<const N: usize>(&mut self, tag: u8, bytes: [u8; N]) {
        let mut word = [0; 8];
        match word.get_mut(..N) {
            Some(place) => place.copy_from_slice(&bytes),
            None => {
                self.mark(tag);
                return self.form.push(&bytes);
            }
        }
        let word = u64::from_le_bytes(word);
        if N < 8 {
            self.form.push_word(u64::from(tag) | word << 8, N + 1);
        } else {
            self.mark(tag);
            self.form.push_word(word, N);
        }
    }

    /// Writes items whose order means nothing: each in a form of its own, sorted.
    pub(crate) fn unordered(&mut self, tag: u8, items: impl Iterator<Item = Self>) {
        let mut forms: Vec<Vec<u8>> = items
            .map(|item| {
                self.unusable |= item.unusable;
                self.some_of_nothing |= item.some_of_nothing;
                item.form.to_bytes()
            })
            .collect();
        forms.sort_unstable();
        self.length(tag, forms.len());
        for form in forms {
            self.bytes(tag::ITEM, &form);
        }
    }

    /// Says that no key can be made: the call is then run, not cached.
    pub(crate) const fn give_up(&mut self) {
        self.unusable = true;
    }

    pub(crate) fn of(value: &(impl CacheKey + ?Sized)) -> Self {
        let mut writer = Self::default();
        value.encode_key(&mut writer);
        writer
    }

    /// Whether the value is a `None`.
    #[cfg(any(feature = "redis", feature = "testkit"))]
    pub(crate) fn is_none(&self) -> bool {
        self.form.byte(0) == Some(tag::NONE)
    }

    /// The SHA-256 of the canonical form; `None` when none could be made.
    pub(crate) fn sha256(&self) -> Option<[u8; 32]> {
        (!self.unusable).then(|| Sha256::digest(self.form.to_bytes()).into())
    }
}

impl fmt::Debug for KeyWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyWriter").field("length", &self.form.len()).finish_non_exhaustive()
    }
}

/// The type tags of the canonical form.
pub(crate) mod tag {
    pub(crate) const UNIT: u8 = 0x00;
    pub(crate) const BOOL: u8 = 0x01;
    pub(crate) const CHAR: u8 = 0x02;
    pub(crate) const U8: u8 = 0x03;
    pub(crate) const U16: u8 = 0x04;
    pub(crate) const U32: u8 = 0x05;
    pub(crate) const U64: u8 = 0x06;
    pub(crate) const U128: u8 = 0x07;
    pub(crate) const USIZE: u8 = 0x08;
    pub(crate) const I8: u8 = 0x09;
    pub(crate) const I16: u8 = 0x0a;
    pub(crate) const I32: u8 = 0x0b;
    pub(crate) const I64: u8 = 0x0c;
    pub(crate) const I128: u8 = 0x0d;
    pub(crate) const ISIZE: u8 = 0x0e;
    pub(crate) const F32: u8 = 0x0f;
    pub(crate) const F64: u8 = 0x10;
    pub(crate) const STR: u8 = 0x11;
    pub(crate) const BYTES: u8 = 0x12;
    pub(crate) const NONE: u8 = 0x13;
    pub(crate) const SOME: u8 = 0x14;
    pub(crate) const OK: u8 = 0x15;
    pub(crate) const ERR: u8 = 0x16;
    pub(crate) const SEQ: u8 = 0x17;
    pub(crate) const SET: u8 = 0x18;
    pub(crate) const MAP: u8 = 0x19;
    pub(crate) const ITEM: u8 = 0x1a;
    pub(crate) const TUPLE: u8 = 0x1b;
    pub(crate) const SHAPE: u8 = 0x1c;
    pub(crate) const PATH: u8 = 0x1d;
    pub(crate) const DURATION: u8 = 0x1e;
    pub(crate) const TIME: u8 = 0x1f;
    pub(crate) const IP: u8 = 0x20;
    pub(crate) const SOCKET: u8 = 0x21;
    pub(crate) const VARIANT: u8 = 0x22;
    pub(crate) const STRUCT: u8 = 0x23;
    pub(crate) const ORDERING: u8 = 0x24;
    pub(crate) const RANGE: u8 = 0x25;
    pub(crate) const REVISION: u8 = 0x26;
}

/// The key of one call, built part by part; `T` says in which tiers its value can live.
#[derive(Debug)]
pub struct Key<T> {
    writer: KeyWriter,
    tier: PhantomData<fn() -> T>,
}

impl<T> Key<T> {
    /// The key of a call without arguments.
    #[inline]
    #[must_use]
    pub fn empty() -> Self {
        Self::when(true)
    }

    /// The same, for a call that is cached only on a condition.
    #[inline]
    #[must_use]
    pub fn when(wanted: bool) -> Self {
        Self { writer: KeyWriter { unusable: !wanted, ..KeyWriter::default() }, tier: PhantomData }
    }

    /// Adds one argument.
    #[inline]
    pub fn part<A: CacheKey + ?Sized>(&mut self, value: &A) -> &mut Self {
        value.encode_key(&mut self.writer);
        self
    }

    /// Adds the revision of a configuration that is no argument of the key.
    #[inline]
    pub fn revision(&mut self, revision: Option<&str>) -> &mut Self {
        if let Some(revision) = revision {
            self.writer.bytes(tag::REVISION, revision.as_bytes());
        }
        self
    }

    #[inline]
    pub(crate) const fn form(&self) -> &Form {
        &self.writer.form
    }

    #[inline]
    pub(crate) const fn is_usable(&self) -> bool {
        !self.writer.unusable
    }
}
