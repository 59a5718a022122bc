//! What is done with a value whose type is known, for code that does not know it.

use std::sync::Arc;

use super::{AnyValue, Entry};
use crate::value::Storable;

/// What is done with a value whose type is known. It names nothing that a value must be able to do: that was asked for
/// when the call was looked up.
#[derive(Debug)]
pub(crate) struct Hands<V> {
    pub(crate) put: fn(&V) -> Box<AnyValue>,
    /// Takes the value out where nobody else has the entry; `None`: it is of another type.
    pub(crate) take: fn(Arc<Entry>) -> Option<V>,
}

impl<V: Storable> Hands<V> {
    pub(crate) fn new() -> Self {
        Self {
            put: |value| Box::new(value.clone()),
            take: |entry| match Arc::try_unwrap(entry) {
                Ok(entry) => entry.value.downcast().ok().map(|value| *value),
                Err(shared) => shared.value.downcast_ref().cloned(),
            },
        }
    }
}
