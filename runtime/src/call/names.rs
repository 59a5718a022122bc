//! Names of entities and tags, written by a macro from literals, parameters and the result.

use std::fmt::Display;

/// A name under construction: literal text, values taken now, and holes for parts of the result.
#[derive(Clone, Debug, Default)]
pub struct Name {
    pieces: Vec<Option<String>>,
}

impl Name {
    /// An empty name.
    #[must_use]
    pub const fn new() -> Self {
        Self { pieces: Vec::new() }
    }

    /// Adds text as it stands.
    #[must_use]
    pub fn lit(mut self, text: &str) -> Self {
        self.pieces.push(Some(text.to_owned()));
        self
    }

    /// Adds a value as it is now.
    #[must_use]
    pub fn part<T: NamePart + ?Sized>(mut self, value: &T) -> Self {
        self.pieces.push(Some(value.to_string()));
        self
    }

    /// Adds a part that the result will give.
    #[must_use]
    pub fn hole(mut self) -> Self {
        self.pieces.push(None);
        self
    }

    /// Whether only the result completes it.
    pub(crate) fn is_open(&self) -> bool {
        self.pieces.iter().any(Option::is_none)
    }

    /// The name, its holes filled in order.
    pub(crate) fn fill(self, parts: &mut dyn Iterator<Item = String>) -> String {
        self.pieces.into_iter().map(|piece| piece.or_else(|| parts.next()).unwrap_or_default()).collect()
    }
}

/// A value that can stand in a name.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be part of a name",
    label = "has no text of its own",
    note = "a name is text: write what identifies the value, such as `\"tool:{{tool.id}}\"`, or implement `std::fmt::Display` for it"
)]
pub trait NamePart: Display {}

#[diagnostic::do_not_recommend]
impl<T: Display + ?Sized> NamePart for T {}

/// A part of the result as it stands in a name.
pub fn text<T: NamePart + ?Sized>(value: &T) -> String {
    value.to_string()
}
