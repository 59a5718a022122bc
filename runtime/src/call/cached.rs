//! The calls of `#[ttl_cached]` and `#[hexsha_cached]`: a hit is answered at once, a miss becomes a run.

use std::future::Future;
use std::marker::PhantomData;
use std::str;

use super::{Job, Work};
use crate::cache::{Look, Ready, Request, Site, compute, look};
use crate::key::Key;
use crate::remote::Caller;
use crate::revision::HexSha;
use crate::value::{Shape, Storable, Tier};

/// A call of a cached function, before its body is known.
#[derive(Debug)]
#[must_use = "a call does nothing until it is run"]
pub struct Call<S, T, P> {
    request: Request,
    store_if: P,
    shape: PhantomData<fn() -> (S, T)>,
}

/// `#[ttl_cached]`: fresh until its time or its entity ends.
#[inline]
pub fn ttl_cached<S, T>(site: &'static Site, key: Key, _: S, _: T) -> Call<S, T, fn(&S::Value) -> bool>
where
    S: Shape,
    S::Value: Storable,
    T: Tier<S::Value>,
{
    Call { request: Request::new(site, key, Revision::none()), store_if: |_| true, shape: PhantomData }
}

/// `#[hexsha_cached]`: a pure function of a configuration revision.
#[inline]
pub fn hexsha_cached<S, T>(site: &'static Site, revision: Revision, key: Key, _: S, _: T) -> Call<S, T, fn(&S::Value) -> bool>
where
    S: Shape,
    S::Value: Storable,
    T: Tier<S::Value>,
{
    Call { request: Request::new(site, key, revision), store_if: |_| true, shape: PhantomData }
}

impl<S, T, P> Call<S, T, P>
where
    S: Shape,
    S::Value: Storable,
    T: Tier<S::Value>,
    P: FnOnce(&S::Value) -> bool,
{
    /// `when = ..`: whether to read and store at all.
    #[inline]
    pub const fn when(mut self, wanted: bool) -> Self {
        self.request.wanted &= wanted;
        self
    }

    /// `store_if = ..`: whether to store this result.
    #[inline]
    pub fn store_if<Q: FnOnce(&S::Value) -> bool>(self, store_if: Q) -> Call<S, T, Q> {
        Call { request: self.request, store_if, shape: PhantomData }
    }

    /// Answers from the cache, or runs the body.
    #[inline]
    pub fn run<F, B>(self, work: F) -> impl Future<Output = S::Return> + use<S, T, P, F, B>
    where
        F: FnOnce(Work<S::Value>) -> Job<S::Value, B>,
        B: Future<Output = S::Return>,
    {
        let Self { request, store_if, .. } = self;
        let found = look::<S::Value>(request, std::any::type_name::<F>());
        async move {
            match found {
                Look::Hit(value) => S::restore(value),
                Look::Miss(run) => Box::pin(compute::<S, T, P, B>(run, store_if, work(Work::new()), Caller::Task)).await,
            }
        }
    }

    /// [`run`](Self::run) for a sync function.
    #[inline]
    pub fn run_blocking<F, B>(self, work: F) -> S::Return
    where
        F: FnOnce(Work<S::Value>) -> Job<S::Value, B>,
        B: FnOnce() -> S::Return,
    {
        let Self { request, store_if, .. } = self;
        match look::<S::Value>(request, std::any::type_name::<F>()) {
            Look::Hit(value) => S::restore(value),
            Look::Miss(run) => {
                let Job { names, late, ttl, body } = work(Work::new());
                let job = Job { names, late, ttl, body: Ready::new(body) };
                pollster::block_on(compute::<S, T, P, _>(run, store_if, job, Caller::Thread))
            }
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

    #[inline]
    const fn none() -> Self {
        Self(Text::Inline { bytes: [0; INLINE], length: 0 })
    }

    #[inline]
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Text::Inline { bytes, length } => bytes.get(..usize::from(*length)).unwrap_or_default(),
            Text::Heap(text) => text.as_bytes(),
        }
    }
}
