//! The calls of `#[ttl_cached]` and `#[hexsha_cached]`: a hit is answered before the body exists, a miss carries on with it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use super::{LateName, Name};
use crate::blocking::block_on;
use crate::cache::{Answer, Computed, Instantiation, Ready, Request, Site, Steps, find};
use crate::key::Key;
use crate::revision::HexSha;
use crate::value::{Codec, Shape, Storable, Tier};

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
/// `instantiation` is a closure of the function: its type tells one choice of type parameters from another. All that a
/// value must be able to do is asked for here, so that a type that does not fit is one error.
#[inline]
pub fn look<S, T, I>(site: &'static Site, instantiation: I, key: &Key, shape: S, tier: T, when: bool) -> Look<S>
where
    S: Shape,
    S::Value: Storable,
    T: Tier<S::Value>,
    I: FnOnce(),
{
    look_at(site, "", instantiation, key, shape, tier, when)
}

/// `#[hexsha_cached]`: a pure function of a configuration revision.
#[inline]
pub fn look_at<S, T, I>(site: &'static Site, revision: &str, _: I, key: &Key, _: S, _: T, when: bool) -> Look<S>
where
    S: Shape,
    S::Value: Storable,
    T: Tier<S::Value>,
    I: FnOnce(),
{
    let wanted = when && key.is_usable();
    let (revision, instantiation) = (revision.as_bytes(), Instantiation::of::<I>());
    let request = Request { site, key: key.form(), revision, wanted, instantiation, codec: Codec::of::<T> };
    match find::<S::Value>(&request) {
        Ok(value) => Look::Hit(S::restore(value)),
        Err(steps) => Look::Miss(Miss { steps, names: Vec::new(), late: Vec::new(), ttl: None }),
    }
}

/// The revision of a configuration.
#[inline]
pub fn revision<T: HexSha + ?Sized>(config: &T) -> &str {
    config.hexsha()
}

/// The revision that an expression gives.
#[inline]
pub fn text_of<T: AsRef<str> + ?Sized>(revision: &T) -> &str {
    revision.as_ref()
}

/// A call that memory could not answer, under construction.
#[must_use = "a call does nothing until it is run"]
pub struct Miss<S: Shape> {
    steps: Box<dyn Steps<S::Value>>,
    names: Vec<String>,
    late: Vec<LateName<S::Value>>,
    ttl: Option<Duration>,
}

impl<S: Shape> Miss<S> {
    /// Adds a name made of literals and parameters.
    pub fn tag(mut self, name: Name) -> Self {
        self.names.push(name.fill([]));
        self
    }

    /// Adds a name whose holes the result fills.
    pub fn late<F, const N: usize>(mut self, name: Name, parts: F) -> Self
    where
        F: FnOnce(&S::Value) -> [String; N] + Send + 'static,
    {
        self.late.push(Box::new(move |value| name.fill(parts(value))));
        self
    }

    /// `ttl = <an expression>`
    pub fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// Asks those who may have the value; runs the body where nobody has.
    pub fn run<P, B>(self, store_if: P, body: B) -> Pin<Box<impl Future<Output = S::Return> + use<S, P, B>>>
    where
        P: FnOnce(&S::Value) -> bool,
        B: Future<Output = S::Return>,
    {
        let Self { mut steps, names, late, ttl } = self;
        Box::pin(async move {
            let inside = match steps.answer(names).await {
                Answer::Value(value) => return S::restore(value),
                Answer::Run(inside) => inside,
            };
            let returned = inside.scope(body).await;
            let computed = S::value(&returned).map(|value| Computed {
                value,
                late,
                ttl,
                wanted: steps.is_cached() && store_if(value),
            });
            let settled = steps.settle(computed);
            settled.await;
            returned
        })
    }

    /// [`run`](Self::run) for a sync function.
    pub fn run_blocking<P, B>(self, store_if: P, body: B) -> S::Return
    where
        P: FnOnce(&S::Value) -> bool,
        B: FnOnce() -> S::Return,
    {
        block_on(self.run(store_if, Ready::new(body)))
    }
}

impl<S: Shape> fmt::Debug for Miss<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Miss").field("names", &self.names.len()).finish_non_exhaustive()
    }
}
