//! What `err_ttl` and `none_ttl` ask of a return type: failures that are stored, and values that mean "nothing".

use std::marker::PhantomData;

use super::{Cacheable, Shape};

/// The shape of a type whose failures are stored, too.
#[derive(Debug)]
pub struct Whole<R>(PhantomData<fn() -> R>);

/// A type that tells a failure from a value.
#[diagnostic::on_unimplemented(
    message = "`err_ttl` needs a function that can fail, and `{Self}` cannot",
    label = "not a `Result`",
    note = "return a `Result`, implement `larder::Cacheable` for a result type of your own, or leave out `err_ttl`"
)]
pub trait CanFail: Cacheable {}

#[diagnostic::do_not_recommend]
impl<R: Cacheable> CanFail for R {}

impl<R> Whole<R> {
    /// The whole of what is returned.
    pub const NEW: Self = Self(PhantomData);
}

impl<R: CanFail> Shape for Whole<R> {
    type Return = R;
    type Value = R;
    type Seen = R::Value;

    fn value(returned: &R) -> Option<&R> {
        Some(returned)
    }

    fn seen(value: &R) -> Option<&R::Value> {
        value.value()
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
