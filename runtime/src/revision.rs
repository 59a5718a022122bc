//! Configuration revisions: what a `#[hexsha_cached]` function depends on.

use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;

use serde::Serialize;

use crate::cache::push_hex;
use crate::key::CacheKey as _;
use crate::key::{KeyWriter, by_serde};

/// A configuration that knows its revision: the hash of a Git commit, say, or of its content.
///
/// # Examples
///
/// ```
/// struct Config { commit: String }
///
/// impl larder::HexSha for Config {
///     fn hexsha(&self) -> &str {
///         &self.commit
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no revision",
    label = "the first parameter of a `#[hexsha_cached]` function implements `larder::HexSha`",
    note = "implement `larder::HexSha` for it, wrap it in `larder::Revisioned`, or write `revision = <an expression of type &str>`"
)]
pub trait HexSha {
    /// The revision. Two configurations that differ have different ones.
    fn hexsha(&self) -> &str;
}

macro_rules! pointer {
    ($($type:ty),*) => {$(
        impl<T: HexSha + ?Sized> HexSha for $type {
            fn hexsha(&self) -> &str {
                (**self).hexsha()
            }
        }
    )*};
}

pointer!(&T, &mut T, Box<T>, Rc<T>, Arc<T>);

/// Any `Serialize` value with the SHA-256 of its content as its revision.
///
/// # Examples
///
/// ```
/// use larder::{HexSha, Revisioned};
///
/// let config = Revisioned::new(vec!["https://a.example", "https://b.example"]);
/// assert_eq!(config.hexsha().len(), 64);
/// assert_eq!(config.len(), 2); // it derefs to the value
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revisioned<T> {
    value: T,
    hexsha: String,
}

impl<T: Serialize> Revisioned<T> {
    /// Takes the value's revision. A value that cannot be serialised gets one that no other has.
    pub fn new(value: T) -> Self {
        let mut content = KeyWriter::default();
        by_serde(&value).encode_key(&mut content);
        let mut hexsha = String::with_capacity(64);
        match content.sha256() {
            Some(hash) => push_hex(&mut hexsha, &hash),
            None => hexsha = unique(),
        }
        Self { value, hexsha }
    }
}

/// A revision that nothing else has.
fn unique() -> String {
    use std::hash::{BuildHasher as _, RandomState};
    format!("unserialisable-{:016x}{:016x}", RandomState::new().hash_one(0), RandomState::new().hash_one(1))
}

impl<T> Revisioned<T> {
    /// The value itself.
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T> HexSha for Revisioned<T> {
    fn hexsha(&self) -> &str {
        &self.hexsha
    }
}

impl<T> Deref for Revisioned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// A parameter that is in no part of the key: of a configuration, the revision is in it all the same.
///
/// An inherent method where `T: HexSha`, and one behind a `Deref` for all the rest.
#[derive(Debug)]
pub struct LeftOut<'a, T: ?Sized>(Unrevised<'a, T>);

/// What [`LeftOut`] falls back to.
#[derive(Debug)]
pub struct Unrevised<'a, T: ?Sized>(&'a T);

impl<'a, T: ?Sized> LeftOut<'a, T> {
    /// The question "has this a revision?"
    #[inline]
    pub const fn new(parameter: &'a T) -> Self {
        Self(Unrevised(parameter))
    }
}

impl<T: HexSha + ?Sized> LeftOut<'_, T> {
    /// It has this one.
    #[inline]
    pub fn revision(&self) -> Option<&str> {
        Some(self.0.0.hexsha())
    }
}

impl<T: ?Sized> Unrevised<'_, T> {
    /// It has none.
    #[inline]
    pub const fn revision(&self) -> Option<&str> {
        None
    }
}

impl<'a, T: ?Sized> Deref for LeftOut<'a, T> {
    type Target = Unrevised<'a, T>;

    #[inline]
    fn deref(&self) -> &Unrevised<'a, T> {
        &self.0
    }
}
