//! The answer to an attribute that stands on something else than a function.

use syn::parse::ParseStream;

/// Words that begin an item which is no function, or a closure.
const KINDS: [&str; 14] = [
    "macro_rules",
    "struct",
    "enum",
    "union",
    "trait",
    "impl",
    "mod",
    "static",
    "const",
    "type",
    "use",
    "extern",
    "move",
    "|",
];

/// Words that may stand before those.
const BEFORE: [&str; 6] = ["const", "unsafe", "async", "extern", "default", "auto"];

/// The fault, at the word that says what stands here; `None` when it is a function after all.
pub(crate) fn misplaced(item: ParseStream<'_>, attribute: &str) -> Option<syn::Error> {
    let mut rest = item.cursor();
    while let Some((token, after)) = rest.token_tree() {
        let word = token.to_string();
        let next = after.token_tree().map(|(next, _)| next.to_string()).unwrap_or_default();
        let next = next.as_str();
        let stands_before = BEFORE.contains(&word.as_str())
            && (next == "fn" || BEFORE.contains(&next) || ["trait", "impl", "mod", "move", "|"].contains(&next));
        if word == "fn" {
            return None;
        }
        if !stands_before && KINDS.contains(&word.as_str()) {
            let (kind, cure) = match word.as_str() {
                "move" | "|" => ("a closure".to_owned(), "write a `fn`"),
                "macro_rules" => ("a macro".to_owned(), "write it on a `fn`"),
                "enum" | "impl" | "extern" => (format!("an {word}"), "write it on a `fn`"),
                _ => (format!("a {word}"), "write it on a `fn`"),
            };
            return Some(syn::Error::new(token.span(), format!("`#[{attribute}]` does not work on {kind}: {cure}")));
        }
        rest = after;
    }
    None
}
