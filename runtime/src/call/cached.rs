//! The calls of `#[ttl_cached]` and `#[hexsha_cached]`: a hit is answered at once, a miss becomes a run.

use std::future::Future;

use super::{Job, Work};
use crate::cache::{Instantiation, Look, Ready, Request, Site, compute, look};
use crate::key::Key;
use crate::revision::HexSha;
use crate::value::{Shape, Storable, Tier};

/// `#[ttl_cached]`: fresh until its time or its entity ends.
#[inline]
#[allow(clippy::too_many_arguments, reason = "one call, so that a type that does not fit is one error")]
pub fn ttl_cached<S, T, P, F, B>(
    site: &'static Site,
    key: Key,
    shape: S,
    tier: T,
    when: bool,
    store_if: P,
    work: F,
) -> impl Future<Output = S::Return> + use<S, T, P, F, B>
where
    S: Shape,
    S::Value: Storable,
    T: Tier<S::Value>,
    P: FnOnce(&S::Value) -> bool,
    F: FnOnce(Work<S::Value>) -> Job<S::Value, B>,
    B: Future<Output = S::Return>,
{
    hexsha_cached(site, Revision::NONE, key, shape, tier, when, store_if, work)
}

/// [`ttl_cached`] for a sync function.
#[inline]
#[allow(clippy::too_many_arguments, reason = "one call, so that a type that does not fit is one error")]
pub fn ttl_cached_blocking<S, T, P, F, B>(
    site: &'static Site,
    key: Key,
    shape: S,
    tier: T,
    when: bool,
    store_if: P,
    work: F,
) -> S::Return
where
    S: Shape,
    S::Value: Storable,
    T: Tier<S::Value>,
    P: FnOnce(&S::Value) -> bool,
    F: FnOnce(Work<S::Value>) -> Job<S::Value, B>,
    B: FnOnce() -> S::Return,
{
    hexsha_cached_blocking(site, Revision::NONE, key, shape, tier, when, store_if, work)
}

/// `#[hexsha_cached]`: a pure function of a configuration revision.
#[inline]
#[allow(clippy::too_many_arguments, reason = "one call, so that a type that does not fit is one error")]
pub fn hexsha_cached<S, T, P, F, B>(
    site: &'static Site,
    revision: Revision,
    key: Key,
    _: S,
    _: T,
    when: bool,
    store_if: P,
    work: F,
) -> impl Future<Output = S::Return> + use<S, T, P, F, B>
where
    S: Shape,
    S::Value: Storable,
    T: Tier<S::Value>,
    P: FnOnce(&S::Value) -> bool,
    F: FnOnce(Work<S::Value>) -> Job<S::Value, B>,
    B: Future<Output = S::Return>,
{
    let found = look::<S::Value>(Request::new(site, key, revision, when), Instantiation::of::<F>());
    async move {
        match found {
            Look::Hit(value) => S::restore(value),
            Look::Miss(run) => Box::pin(compute::<S, T, P, B>(run, store_if, work(Work::new()))).await,
        }
    }
}

/// [`hexsha_cached`] for a sync function.
#[inline]
#[allow(clippy::too_many_arguments, reason = "one call, so that a type that does not fit is one error")]
pub fn hexsha_cached_blocking<S, T, P, F, B>(
    site: &'static Site,
    revision: Revision,
    key: Key,
    _: S,
    _: T,
    when: bool,
    store_if: P,
    work: F,
) -> S::Return
where
    S: Shape,
    S::Value: Storable,
    T: Tier<S::Value>,
    P: FnOnce(&S::Value) -> bool,
    F: FnOnce(Work<S::Value>) -> Job<S::Value, B>,
    B: FnOnce() -> S::Return,
{
    match look::<S::Value>(Request::new(site, key, revision, when), Instantiation::of::<F>()) {
        Look::Hit(value) => S::restore(value),
        Look::Miss(run) => {
            let Job { names, late, ttl, body } = work(Work::new());
            let job = Job { names, late, ttl, body: Ready::new(body) };
            pollster::block_on(compute::<S, T, P, _>(run, store_if, job))
        }
    }
}

/// A revision, taken from the argument so that the argument can move into the body. A Git or SHA-256 hash fits inline.
#[derive(Clone, Debug)]
pub struct Revision(Text);

#[derive(Clone, Debug)]
enum Text {
    Inline { bytes: [u8; INLINE], length: u8 },
    Heap(Box<str>),
}

const INLINE: usize = 64;

impl Revision {
    /// That of a configuration.
    #[inline]
    pub fn of<T: HexSha + ?Sized>(config: &T) -> Self {
        Self::new(config.hexsha())
    }

    /// That which an expression gives.
    #[inline]
    pub fn new(revision: impl AsRef<str>) -> Self {
        let revision = revision.as_ref();
        let mut bytes = [0; INLINE];
        match bytes.get_mut(..revision.len()) {
            Some(place) => {
                place.copy_from_slice(revision.as_bytes());
                Self(Text::Inline { bytes, length: revision.len() as u8 })
            }
            None => Self(Text::Heap(revision.into())),
        }
    }

    /// That of a function that depends on none.
    const NONE: Self = Self(Text::Inline { bytes: [0; INLINE], length: 0 });

    #[inline]
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Text::Inline { bytes, length } => bytes.get(..usize::from(*length)).unwrap_or_default(),
            Text::Heap(text) => text.as_bytes(),
        }
    }
}
