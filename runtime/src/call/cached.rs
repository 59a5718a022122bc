//! The calls of `#[ttl_cached]` and `#[hexsha_cached]`: a hit is answered before the body exists, a miss carries on with it.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::pin;
use std::time::Duration;

use super::engine::{Engine, Rare, Stages, run_blocking};
use super::{Name, Running};
use crate::background;
use crate::cache::{Hands, Memory, Place, Request, Revisions, Shelf, find};
use crate::key::Key;
use crate::revision::HexSha;
use crate::value::{Codec, LivesIn, MayBeNone, Shape, Storable};

/// What memory says to a call.
#[derive(Debug)]
pub enum Look<S: Shape> {
    /// Here it is.
    Hit(S::Return),
    /// It must be run, or at least asked for.
    Miss(Miss<S>),
}

/// `#[ttl_cached]`: fresh until its time or its entity ends.
///
/// All that a value must be able to do is asked for here, so that a type that does not fit is one error. Depends on the
/// types of the value and of the result alone, so that a hundred functions share it.
#[inline]
pub fn look<S, T>(place: Place, key: &Key<T>, shape: S) -> Look<S>
where
    S: Shape,
    S::Value: Storable + LivesIn<T>,
{
    start::<Memory<S::Value>, S, T>(place, "", key, shape)
}

/// `#[hexsha_cached]`: a pure function of a configuration revision.
#[inline]
pub fn look_at<S, T>(place: Place, revision: &str, key: &Key<T>, shape: S) -> Look<S>
where
    S: Shape,
    S::Value: Storable + LivesIn<T>,
{
    start::<Revisions<S::Value>, S, T>(place, revision, key, shape)
}

#[inline]
fn start<M, S, T>(place: Place, revision: &str, key: &Key<T>, shape: S) -> Look<S>
where
    M: Shelf<Value = S::Value>,
    S: Shape,
    S::Value: Storable + LivesIn<T>,
{
    let Place { site, instantiation } = place;
    let (wanted, revision) = (key.is_usable(), revision.as_bytes());
    let request = Request { site, key: key.form(), revision, wanted, instantiation, codec: Codec::of::<S::Value, T> };
    match find::<M>(&request) {
        Ok(value) => Look::Hit(S::restore(value)),
        Err(run) => {
            let failures = shape.err_ttl().map(|ttl| Rare { is: |value| S::seen(value).is_none(), ttl, failed: true });
            let engine = Box::new(Stages::new(run, Hands::new(), failures));
            Look::Miss(Miss { engine, returned: None, judge: Always })
        }
    }
}

/// The revision of a configuration.
#[inline]
pub fn revision<T: HexSha + ?Sized>(config: &T) -> &str {
    config.hexsha()
}

/// What `revision = ..` may be.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no revision",
    label = "a revision is text",
    note = "write an expression of type `&str` or `String`, such as `config.hexsha()`"
)]
pub trait RevisionText: AsRef<str> {}

#[diagnostic::do_not_recommend]
impl<T: AsRef<str> + ?Sized> RevisionText for T {}

/// The revision that an expression gives.
#[inline]
pub fn text_of<T: RevisionText + ?Sized>(revision: &T) -> &str {
    revision.as_ref()
}

/// Whether a result is stored.
pub trait Judge<V> {
    /// What `store_if` says of it.
    fn wants(&mut self, value: &V) -> bool;
}

/// Every result is stored.
#[derive(Clone, Copy, Debug)]
pub struct Always;

impl<V> Judge<V> for Always {
    fn wants(&mut self, _: &V) -> bool {
        true
    }
}

/// A closure says whether a result is stored.
#[derive(Debug)]
pub struct StoreIf<P, S>(Option<P>, PhantomData<fn() -> S>);

impl<S: Shape, P: FnOnce(&S::Seen) -> bool> Judge<S::Value> for StoreIf<P, S> {
    fn wants(&mut self, value: &S::Value) -> bool {
        S::seen(value).zip(self.0.take()).is_none_or(|(seen, store_if)| store_if(seen))
    }
}

/// A call that memory could not answer, under construction.
#[must_use = "a call does nothing until it is run"]
pub struct Miss<S: Shape, J = Always> {
    pub(super) engine: Box<dyn Engine<S::Value>>,
    /// What the body returned, until it is settled.
    pub(super) returned: Option<S::Return>,
    pub(super) judge: J,
}

impl<S: Shape> Miss<S> {
    /// Adds a name made of literals and parameters, and of holes that the result fills.
    pub fn tag(mut self, name: Name) -> Self {
        self.engine.add(name);
        self
    }

    /// Says what fills the holes of all names.
    pub fn late<F, const N: usize>(mut self, texts: F) -> Self
    where
        F: FnOnce(&S::Seen) -> [String; N] + Send + 'static,
    {
        self.engine.fill_with(Box::new(|value| S::seen(value).map(|seen| Vec::from(texts(seen)))));
        self
    }

    /// `ttl = <an expression>`
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.engine.live(ttl);
        self
    }

    /// `none_ttl = ..`
    pub fn none_ttl(mut self, ttl: Duration) -> Self
    where
        S::Seen: MayBeNone,
    {
        let is = |value: &S::Value| S::seen(value).is_some_and(MayBeNone::is_nothing);
        self.engine.rarely(Rare { is, ttl, failed: false });
        self
    }

    /// `store_if = ..`
    pub fn store_if<P: FnOnce(&S::Seen) -> bool>(self, store_if: P) -> Miss<S, StoreIf<P, S>> {
        Miss { engine: self.engine, returned: self.returned, judge: StoreIf(Some(store_if), PhantomData) }
    }
}

impl<S: Shape, J: Judge<S::Value>> Miss<S, J> {
    /// Asks those who may have the value; runs the body of a sync function where nobody has.
    pub fn run_blocking<B: FnOnce() -> S::Return>(mut self, body: B) -> S::Return {
        run_blocking::<S, B>(&mut *self.engine, body, &mut self.judge)
    }
}

impl<S, J> Miss<S, J>
where
    S: Shape<Return: Send> + 'static,
    J: Judge<S::Value> + Send + 'static,
{
    /// Goes on with a body that borrows nothing: what is to be computed anew is served, and computed in the
    /// background.
    pub async fn run_apart<B>(mut self, body: B) -> S::Return
    where
        B: Future<Output = S::Return> + Send + 'static,
    {
        match self.engine.renewal() {
            None => Running(&mut self, pin!(body)).await,
            Some((value, renews)) => {
                if renews {
                    background::spawn(async move { drop(Running(&mut self, pin!(body)).await) });
                }
                S::restore(value)
            }
        }
    }

    /// [`run_apart`](Self::run_apart) for a sync function.
    pub fn run_apart_blocking<B>(mut self, body: B) -> S::Return
    where
        B: FnOnce() -> S::Return + Send + 'static,
    {
        match self.engine.renewal() {
            None => self.run_blocking(body),
            Some((value, renews)) => {
                if renews {
                    background::spawn_blocking(move || drop(self.run_blocking(body)));
                }
                S::restore(value)
            }
        }
    }
}

impl<S: Shape, J> fmt::Debug for Miss<S, J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Miss").finish_non_exhaustive()
    }
}
