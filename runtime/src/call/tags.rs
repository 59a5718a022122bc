//! The names that one call carries: those that are known beforehand, and those that its result completes.

use super::Name;

/// Names as an expansion gives them.
pub(crate) struct Tags<V> {
    known: Vec<String>,
    open: Vec<Name>,
    texts: Option<Texts<V>>,
}

/// What fills the holes of all open names, in order.
type Texts<V> = Box<dyn FnOnce(&V) -> Vec<String> + Send>;

impl<V> Tags<V> {
    pub(crate) const fn new() -> Self {
        Self { known: Vec::new(), open: Vec::new(), texts: None }
    }

    pub(crate) fn add(&mut self, name: Name) {
        if name.is_open() { self.open.push(name) } else { self.known.push(name.fill([])) }
    }

    pub(crate) fn fill_with<const N: usize>(&mut self, texts: impl FnOnce(&V) -> [String; N] + Send + 'static) {
        self.texts = Some(Box::new(|value| Vec::from(texts(value))));
    }

    /// Takes the names that are known before anything runs.
    pub(crate) fn known(&mut self) -> Vec<String> {
        std::mem::take(&mut self.known)
    }

    /// The names that the result completes.
    pub(crate) fn of(self, value: &V) -> Vec<String> {
        let mut texts = self.texts.map_or_else(Vec::new, |texts| texts(value)).into_iter();
        self.open.into_iter().map(|name| name.fill(&mut texts)).collect()
    }

    pub(crate) const fn len(&self) -> usize {
        self.known.len() + self.open.len()
    }
}
