//! A write: the names that are known beforehand, those that its result completes, the body.

use std::fmt;
use std::marker::PhantomData;

use super::Name;

/// A job under construction.
pub struct Work<V> {
    pub(crate) names: Vec<String>,
    pub(crate) late: Vec<LateName<V>>,
    value: PhantomData<fn(&V)>,
}

/// A name that the result completes.
pub(crate) type LateName<V> = Box<dyn FnOnce(&V) -> String + Send>;

/// What a write runs.
pub struct Job<V, B> {
    pub(crate) names: Vec<String>,
    pub(crate) late: Vec<LateName<V>>,
    pub(crate) body: B,
}

impl<V> Work<V> {
    pub(crate) const fn new() -> Self {
        Self { names: Vec::new(), late: Vec::new(), value: PhantomData }
    }

    /// Adds a name made of literals and parameters.
    #[must_use]
    pub fn tag(mut self, name: Name) -> Self {
        self.names.push(name.fill([]));
        self
    }

    /// Adds a name whose holes the result fills.
    #[must_use]
    pub fn late<F, const N: usize>(mut self, name: Name, parts: F) -> Self
    where
        F: FnOnce(&V) -> [String; N] + Send + 'static,
    {
        self.late.push(Box::new(move |value| name.fill(parts(value))));
        self
    }

    /// Adds the body, which may take the parameters along.
    pub fn body<B>(self, body: B) -> Job<V, B> {
        Job { names: self.names, late: self.late, body }
    }

    /// [`body`](Self::body) for a sync function: being called once, it may return what it reborrows from a parameter.
    pub fn body_blocking<R, B: FnOnce() -> R>(self, body: B) -> Job<V, B> {
        self.body(body)
    }
}

impl<V> fmt::Debug for Work<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Work").field("names", &self.names.len()).finish_non_exhaustive()
    }
}

impl<V, B> fmt::Debug for Job<V, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job").field("names", &self.names.len()).finish_non_exhaustive()
    }
}
