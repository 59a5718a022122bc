//! The names that one call carries: those that are known beforehand, and those that its result completes.

use super::Name;

/// Names as an expansion gives them.
pub(crate) struct Tags<V> {
    known: Vec<String>,
    open: Vec<Name>,
    texts: Option<Texts<V>>,
}

/// What fills the holes of all open names, in order; `None`: there is nothing to fill them, and there are no such names.
pub(crate) type Texts<V> = Box<dyn FnOnce(&V) -> Option<Vec<String>> + Send>;

impl<V> Tags<V> {
    pub(crate) const fn new() -> Self {
        Self { known: Vec::new(), open: Vec::new(), texts: None }
    }

    pub(crate) fn add(&mut self, name: Name) {
        if name.is_open() { self.open.push(name) } else { self.known.push(name.fill(&mut std::iter::empty())) }
    }

    pub(crate) fn fill_with(&mut self, texts: Texts<V>) {
        self.texts = Some(texts);
    }

    /// The names that are known before anything runs.
    pub(crate) const fn known(&mut self) -> &mut Vec<String> {
        &mut self.known
    }

    /// Takes the names that the result completes.
    pub(crate) fn of(&mut self, value: &V) -> Vec<String> {
        match self.texts.take() {
            Some(texts) => texts(value).map_or_else(Vec::new, |texts| filled(&mut self.open, texts)),
            None => filled(&mut self.open, Vec::new()),
        }
    }

    pub(crate) const fn len(&self) -> usize {
        self.known.len() + self.open.len()
    }
}

/// Takes `names`, their holes filled in order.
fn filled(names: &mut Vec<Name>, texts: Vec<String>) -> Vec<String> {
    let mut texts = texts.into_iter();
    std::mem::take(names).into_iter().map(|name| name.fill(&mut texts)).collect()
}
