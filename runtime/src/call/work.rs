//! A write: the names that are known beforehand, those that its result completes, the body.

use std::fmt;
use std::marker::PhantomData;

use super::Name;
use crate::instance::EntryOf;

/// A job under construction.
pub struct Work<V> {
    pub(crate) names: Vec<String>,
    pub(crate) late: Vec<LateName<V>>,
    pub(crate) entries: Vec<EntryOf>,
    pub(crate) late_entries: Vec<LateEntry<V>>,
    value: PhantomData<fn(&V)>,
}

/// An entry that the result names.
pub(crate) type LateEntry<V> = Box<dyn FnOnce(&V) -> EntryOf + Send>;

/// A name that the result completes.
pub(crate) type LateName<V> = Box<dyn FnOnce(&V) -> String + Send>;

/// What a write runs.
pub struct Job<V, B> {
    pub(crate) names: Vec<String>,
    pub(crate) late: Vec<LateName<V>>,
    pub(crate) entries: Vec<EntryOf>,
    pub(crate) late_entries: Vec<LateEntry<V>>,
    pub(crate) body: B,
}

impl<V> Work<V> {
    pub(crate) const fn new() -> Self {
        Self { names: Vec::new(), late: Vec::new(), entries: Vec::new(), late_entries: Vec::new(), value: PhantomData }
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

    /// Adds the entry of a call.
    #[must_use]
    pub fn entry(mut self, entry: EntryOf) -> Self {
        self.entries.push(entry);
        self
    }

    /// Adds the entry of a call that the result completes.
    #[must_use]
    pub fn late_entry<F>(mut self, entry: F) -> Self
    where
        F: FnOnce(&V) -> EntryOf + Send + 'static,
    {
        self.late_entries.push(Box::new(entry));
        self
    }

    /// Adds the body, which may take the parameters along.
    pub fn body<B>(self, body: B) -> Job<V, B> {
        let Self { names, late, entries, late_entries, .. } = self;
        Job { names, late, entries, late_entries, body }
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
