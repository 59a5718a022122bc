//! What `err_ttl` and `none_ttl` ask of a return type: failures that are stored, and values that mean "nothing".

use std::marker::PhantomData;
use std::ops::Deref;
use std::time::Duration;

use super::{Cacheable, Plain, Shape};

/// The shape of a type whose failures are stored, too.
#[derive(Debug)]
pub struct Whole<R> {
    err_ttl: Duration,
    returned: PhantomData<fn() -> R>,
}

/// A type that tells a failure from a value.
#[diagnostic::on_unimplemented(
    message = "`err_ttl` needs a function that can fail, and `{Self}` cannot",
    label = "not a `Result`",
    note = "return a `Result`, implement `larder::Cacheable` for a result type of your own, or leave out `err_ttl`"
)]
pub trait CanFail: Cacheable {}

#[diagnostic::do_not_recommend]
impl<R: Cacheable> CanFail for R {}

/// Finds the shape of `R` whole: an inherent method where it can fail, and a refusal behind a `Deref` for all the rest.
#[derive(Debug)]
pub struct Failures<R>(Unfailing<R>);

/// What [`Failures`] falls back to.
#[derive(Debug)]
pub struct Unfailing<R>(PhantomData<fn() -> R>);

impl<R> Failures<R> {
    /// The question "what shape has `R`, whole?"
    pub const NEW: Self = Self(Unfailing(PhantomData));
}

impl<R: Cacheable> Failures<R> {
    /// `err_ttl = ..`
    #[must_use]
    pub const fn whole(&self, err_ttl: Duration) -> Whole<R> {
        Whole { err_ttl, returned: PhantomData }
    }
}

impl<R> Unfailing<R> {
    /// A shape that asks nothing more, so that it is one fault.
    #[must_use]
    pub const fn whole(&self, _err_ttl: Duration) -> Plain<R>
    where
        R: CanFail,
    {
        Plain::NEW
    }
}

impl<R> Deref for Failures<R> {
    type Target = Unfailing<R>;

    fn deref(&self) -> &Unfailing<R> {
        &self.0
    }
}

impl<R: Cacheable> Shape for Whole<R> {
    type Return = R;
    type Value = R;
    type Seen = R::Value;

    fn value(returned: &R) -> Option<&R> {
        Some(returned)
    }

    fn seen(value: &R) -> Option<&R::Value> {
        value.value()
    }

    fn err_ttl(&self) -> Option<Duration> {
        Some(self.err_ttl)
    }

    fn restore(value: R) -> R {
        value
    }
}

/// A value that may mean "nothing".
#[diagnostic::on_unimplemented(
    message = "`none_ttl` needs a value that can be `None`, and `{Self}` cannot",
    label = "not an `Option`",
    note = "return an `Option` (or a `Result` of one), or leave out `none_ttl`"
)]
pub trait MayBeNone {
    /// Whether it is nothing.
    fn is_nothing(&self) -> bool;
}

impl<T> MayBeNone for Option<T> {
    fn is_nothing(&self) -> bool {
        self.is_none()
    }
}
