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
    call::<S, T, P, F, B>(site, &[], &key, when, store_if, work)
}

/// [`ttl_cached`] for a sync function.
#[inline]
#[allow(clippy::too_many_arguments, reason = "one call, so that a type that does not fit is one error")]
pub fn ttl_cached_blocking<S, T, P, F, B>(
    site: &'static Site,
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
    call_blocking::<S, T, P, F, B>(site, &[], &key, when, store_if, work)
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
    call::<S, T, P, F, B>(site, revision.as_bytes(), &key, when, store_if, work)
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
    call_blocking::<S, T, P, F, B>(site, revision.as_bytes(), &key, when, store_if, work)
}

/// Looks into memory at once; the future answers, or runs what is left to do.
#[inline]
fn call<S, T, P, F, B>(
    site: &'static Site,
    revision: &[u8],
    key: &Key,
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
    let wanted = when && key.is_usable();
    let found = look::<S::Value>(&Request { site, key, revision, wanted, instantiation: Instantiation::of::<F>() });
    async move {
        match found {
            Look::Hit(value) => S::restore(value),
            Look::Miss(run) => Box::pin(compute::<S, T, P, B>(run, store_if, work(Work::new()))).await,
        }
    }
}

#[inline]
fn call_blocking<S, T, P, F, B>(
    site: &'static Site,
    revision: &[u8],
    key: &Key,
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
    let wanted = when && key.is_usable();
    match look::<S::Value>(&Request { site, key, revision, wanted, instantiation: Instantiation::of::<F>() }) {
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
pub struct Revision {
    length: usize,
    inline: [u8; INLINE],
    longer: Option<Box<str>>,
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
        let mut made = Self { length: revision.len(), inline: [0; INLINE], longer: None };
        match made.inline.get_mut(..revision.len()) {
            Some(place) => place.copy_from_slice(revision.as_bytes()),
            None => made.longer = Some(revision.into()),
        }
        made
    }

    #[inline]
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match &self.longer {
            None => self.inline.get(..self.length).unwrap_or_default(),
            Some(longer) => longer.as_bytes(),
        }
    }
}
