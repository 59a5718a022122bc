//! What `Result`, `Option` and every other return type mean to a cache: decided by types, never by names.

use std::marker::PhantomData;
use std::ops::Deref;
use std::time::Duration;

/// A return type that can fail, or that wraps the value worth keeping.
///
/// It is implemented for `Result` (only `Ok` is kept) and `Option` (`None` is a value like any other). Every type that
/// does not implement it is kept as it is. Implement it for a result type of your own.
///
/// # Examples
///
/// ```
/// enum Answer<T> {
///     Found(T),
///     Broken,
/// }
///
/// impl<T> larder::Cacheable for Answer<T> {
///     type Value = T;
///
///     fn value(&self) -> Option<&T> {
///         match self {
///             Self::Found(value) => Some(value),
///             Self::Broken => None,
///         }
///     }
///
///     fn from_value(value: T) -> Self {
///         Self::Found(value)
///     }
/// }
/// ```
pub trait Cacheable: Sized {
    /// What is stored, and what `store_if`, `tags` and `ret` look at.
    type Value;

    /// The value to keep, or `None` for a failure: it is not stored and it invalidates nothing.
    fn value(&self) -> Option<&Self::Value>;

    /// The result that a hit returns.
    fn from_value(value: Self::Value) -> Self;
}

impl<T, E> Cacheable for Result<T, E> {
    type Value = T;

    fn value(&self) -> Option<&T> {
        self.as_ref().ok()
    }

    fn from_value(value: T) -> Self {
        Ok(value)
    }
}

impl<T> Cacheable for Option<T> {
    type Value = Self;

    fn value(&self) -> Option<&Self> {
        Some(self)
    }

    fn from_value(value: Self) -> Self {
        value
    }
}

/// A value that can be kept in memory and handed to several callers.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be kept in a cache",
    label = "this is what the function returns",
    note = "a cached value is cloned for every caller and outlives the call: it needs `Clone + Send + Sync + 'static`",
    note = "return an owned value; `Arc<{Self}>` is `Clone`, and what is not `Sync` needs a lock, such as a `Mutex`"
)]
pub trait Storable: Clone + Send + Sync + 'static {}

impl<T: Clone + Send + Sync + 'static> Storable for T {}

/// How a return type is taken apart and put together again.
pub trait Shape {
    /// What the function returns.
    type Return;
    /// What is stored of it.
    type Value;
    /// What `store_if`, `tags` and `none_ttl` look at.
    type Seen;

    /// The value worth keeping; `None` for a failure.
    fn value(returned: &Self::Return) -> Option<&Self::Value>;

    /// What is looked at of a value; `None` for a failure that is stored.
    fn seen(value: &Self::Value) -> Option<&Self::Seen>;

    /// What a hit returns.
    fn restore(value: Self::Value) -> Self::Return;

    /// How long a failure is stored, if it is.
    fn err_ttl(&self) -> Option<Duration> {
        None
    }
}

/// Whether a call succeeded, and what it returned: all that an invalidation needs to know.
pub trait Outcome<R> {
    /// What names made from the result look at.
    type Value;

    /// The value of a success; `None` for a failure.
    fn success(returned: &R) -> Option<&Self::Value>;
}

/// The shape of a type that implements [`Cacheable`].
#[derive(Debug)]
pub struct Declared<R>(PhantomData<fn() -> R>);

impl<R: Cacheable> Shape for Declared<R> {
    type Return = R;
    type Value = R::Value;
    type Seen = R::Value;

    fn value(returned: &R) -> Option<&R::Value> {
        returned.value()
    }

    fn seen(value: &R::Value) -> Option<&R::Value> {
        Some(value)
    }

    fn restore(value: R::Value) -> R {
        R::from_value(value)
    }
}

impl<R: Cacheable> Outcome<R> for Declared<R> {
    type Value = R::Value;

    fn success(returned: &R) -> Option<&R::Value> {
        returned.value()
    }
}

/// The shape of every other type: kept as it is.
#[derive(Debug)]
pub struct Plain<R>(PhantomData<fn() -> R>);

impl<R> Plain<R> {
    /// It says nothing of the type.
    pub(super) const NEW: Self = Self(PhantomData);
}

impl<R> Shape for Plain<R> {
    type Return = R;
    type Value = R;
    type Seen = R;

    fn value(returned: &R) -> Option<&R> {
        Some(returned)
    }

    fn seen(value: &R) -> Option<&R> {
        Some(value)
    }

    fn restore(value: R) -> R {
        value
    }
}

impl<R> Outcome<R> for Plain<R> {
    type Value = R;

    fn success(returned: &R) -> Option<&R> {
        Some(returned)
    }
}

/// The outcome of a function that returns `impl Trait`: always a success.
#[derive(Clone, Copy, Debug)]
pub struct Opaque;

impl<R> Outcome<R> for Opaque {
    type Value = R;

    fn success(returned: &R) -> Option<&R> {
        Some(returned)
    }
}

/// Finds the shape of what a sync function returns: a future is refused, all else is what [`Return`] finds.
#[derive(Debug)]
pub struct Now<R>(Return<R>);

impl<R> Now<R> {
    /// The question "is `R` here when the function returns, and what shape has it?"
    pub const NEW: Self = Self(Return::NEW);
}

/// A type that is no future. No future implements it, and nothing else is asked.
#[diagnostic::on_unimplemented(
    message = "a future is no result yet: nothing has run when the function returns it",
    label = "this is a future",
    note = "write `async fn ..`, and await the future in its body"
)]
pub trait Settled {}

impl<R: Future> Now<R> {
    /// A shape that asks nothing more of the future, so that it is one fault.
    #[must_use]
    pub const fn shape(&self) -> Pending<R>
    where
        R: Settled,
    {
        Pending(PhantomData)
    }
}

/// The shape of a future: what is refused, and never stored.
#[derive(Debug)]
pub struct Pending<R>(PhantomData<fn() -> R>);

impl<R> Shape for Pending<R> {
    type Return = R;
    type Value = ();
    type Seen = ();

    fn value(_: &R) -> Option<&()> {
        None
    }

    fn seen((): &()) -> Option<&()> {
        None
    }

    fn restore((): ()) -> R {
        unreachable!("a future is never stored")
    }
}

impl<R> Outcome<R> for Pending<R> {
    type Value = R;

    fn success(_: &R) -> Option<&R> {
        None
    }
}

impl<R> Deref for Now<R> {
    type Target = Return<R>;

    fn deref(&self) -> &Return<R> {
        &self.0
    }
}

/// Finds the shape of `R`: an inherent method where `R: Cacheable`, and one behind a `Deref` for all the rest.
#[derive(Debug)]
pub struct Return<R>(Otherwise<R>);

/// What [`Return`] falls back to.
#[derive(Debug)]
pub struct Otherwise<R>(PhantomData<fn() -> R>);

impl<R> Return<R> {
    /// The question "what shape has `R`?"
    pub const NEW: Self = Self(Otherwise(PhantomData));
}

impl<R: Cacheable> Return<R> {
    /// The shape that the type declares.
    #[must_use]
    pub const fn shape(&self) -> Declared<R> {
        Declared(PhantomData)
    }
}

impl<R> Otherwise<R> {
    /// The value as it is.
    #[must_use]
    pub const fn shape(&self) -> Plain<R> {
        Plain(PhantomData)
    }
}

impl<R> Deref for Return<R> {
    type Target = Otherwise<R>;

    fn deref(&self) -> &Otherwise<R> {
        &self.0
    }
}
