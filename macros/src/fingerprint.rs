//! A number that changes whenever the tokens do.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The fingerprint of the tokens, whatever their layout.
pub(crate) fn fingerprint<'a>(parts: impl IntoIterator<Item = &'a TokenStream>) -> u64 {
    let mut hasher = DefaultHasher::new();
    for part in parts {
        feed(part.clone(), &mut hasher);
        0xff_u8.hash(&mut hasher);
    }
    hasher.finish()
}

/// The fingerprint of a list of names.
pub(crate) fn of_names<'a>(names: impl IntoIterator<Item = &'a str>) -> u64 {
    let mut hasher = DefaultHasher::new();
    for name in names {
        name.hash(&mut hasher);
    }
    hasher.finish()
}

fn feed(tokens: TokenStream, hasher: &mut DefaultHasher) {
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => (0_u8, ident.to_string()).hash(hasher),
            TokenTree::Punct(punct) => (1_u8, punct.as_char()).hash(hasher),
            TokenTree::Literal(literal) => (2_u8, literal.to_string()).hash(hasher),
            TokenTree::Group(group) if group.delimiter() == Delimiter::None => feed(group.stream(), hasher),
            TokenTree::Group(group) => {
                (3_u8, group.delimiter() as u8).hash(hasher);
                feed(group.stream(), hasher);
                4_u8.hash(hasher);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<u64> {
        text.parse().ok().map(|tokens| fingerprint([&tokens]))
    }

    #[test]
    fn layout_and_comments_do_not_count_and_tokens_do() {
        assert_eq!(of("fn f ( ) {  1 + 2 } // note"), of("fn f() { 1+2 }"));
        assert_ne!(of("fn f() { 1 + 2 }"), of("fn f() { 1 + 3 }"));
        assert_ne!(of("a (b) c"), of("a (b c)"));
        assert_ne!(of("a (b)"), of("a [b]"));
        assert_ne!(of("'a'"), of("a"));
    }
}
