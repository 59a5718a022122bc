//! What is to be done where nothing is stored: the names that are known beforehand, the ttl, the body.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use super::Name;

/// A job under construction; made only on a miss.
pub struct Work<V> {
    pub(crate) names: Vec<String>,
    pub(crate) late: Vec<LateName<V>>,
    pub(crate) ttl: Option<Duration>,
    value: PhantomData<fn(&V)>,
}

/// A name that the result completes.
pub(crate) type LateName<V> = Box<dyn FnOnce(&V) -> String + Send>;

/// A job: what a cached call runs on a miss, and what a write runs always.
pub struct Job<V, B> {
    pub(crate) names: Vec<String>,
    pub(crate) late: Vec<LateName<V>>,
    pub(crate) ttl: Option<Duration>,
    pub(crate) body: B,
}

impl<V> Work<V> {
    pub(crate) const fn new() -> Self {
        Self { names: Vec::new(), late: Vec::new(), ttl: None, value: PhantomData }
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

    /// `ttl = <an expression>`
    #[must_use]
    pub const fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// Adds the body, which may take the parameters along.
    pub fn body<B>(self, body: B) -> Job<V, B> {
        Job { names: self.names, late: self.late, ttl: self.ttl, body }
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
