//! The order of several attributes on one function: the same, whichever way they are written.
//!
//! From the outside in: `leader`, `hexsha_cached`, `ttl_cached`, `invalidates`. So a write ends names when its body ran, not
//! when the result came from a cache or nobody led; and what ends a value by its entity ends it under its revision too.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::quote;
use syn::parse::{ParseStream, Parser as _};
use syn::{Attribute, Path};

/// Attributes in the order in which they are expanded: the first becomes the innermost.
const ORDER: [&str; 4] = ["invalidates", "ttl_cached", "hexsha_cached", "leader"];

/// The item with this attribute below the ones that have to be expanded before it; `None` when it is its turn.
pub(crate) fn deferred(attribute: &str, args: &TokenStream, item: &TokenStream) -> Option<TokenStream> {
    let own = place(attribute)?;
    // Most items have no other attribute, and are not read twice.
    if !begins_with_attribute(item) {
        return None;
    }
    let read = |input: ParseStream<'_>| Ok((input.call(Attribute::parse_outer)?, input.parse::<TokenStream>()?));
    let (attrs, rest) = read.parse2(item.clone()).ok()?;
    let (root, name) = (root(args), Ident::new(attribute, Span::call_site()));
    let waits =
        attrs.iter().any(|attr| word(attr.path(), &root).and_then(|word| place(&word)).is_some_and(|at| at < own));
    waits.then(|| quote!(#(#attrs)* #[#root::#name(#args)] #rest))
}

/// Whether the first token is the `#` of an attribute.
pub(crate) fn begins_with_attribute(tokens: &TokenStream) -> bool {
    matches!(tokens.clone().into_iter().next(), Some(TokenTree::Punct(punct)) if punct.as_char() == '#')
}

fn place(word: &str) -> Option<usize> {
    ORDER.iter().position(|known| *known == word)
}

/// The name of an attribute that may be ours: alone, or behind the runtime's crate.
fn word(path: &Path, root: &TokenStream) -> Option<String> {
    let mut segments = path.segments.iter().rev();
    let name = segments.next()?.ident.to_string();
    let ours =
        segments.next().is_none_or(|of| of.ident == "larder" || root.to_string().ends_with(&of.ident.to_string()));
    ours.then_some(name)
}

/// Where the runtime is: what `crate = ..` says.
fn root(args: &TokenStream) -> TokenStream {
    let mut tokens = args.clone().into_iter();
    while let Some(token) = tokens.next() {
        if matches!(&token, TokenTree::Ident(ident) if ident == "crate")
            && matches!(tokens.next(), Some(TokenTree::Punct(punct)) if punct.as_char() == '=')
        {
            return tokens
                .take_while(|token| !matches!(token, TokenTree::Punct(end) if end.as_char() == ','))
                .collect();
        }
    }
    quote!(::larder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(attribute: &str, args: &str, item: &str) -> Option<String> {
        let parse = |text: &str| text.parse::<TokenStream>().expect("tokens");
        deferred(attribute, &parse(args), &parse(item)).map(|item| item.to_string().replace(' ', ""))
    }

    #[test]
    fn an_attribute_waits_for_those_that_belong_inside() {
        let fixed = |attribute, item| order(attribute, "\"a\"", item);
        assert_eq!(
            fixed("ttl_cached", "#[doc(hidden)] #[invalidates(\"b\")] fn f() {}").as_deref(),
            Some("#[doc(hidden)]#[invalidates(\"b\")]#[::larder::ttl_cached(\"a\")]fnf(){}")
        );
        assert!(fixed("leader", "#[::larder::hexsha_cached] fn f() {}").is_some());
        assert!(fixed("hexsha_cached", "#[ttl_cached(\"b\")] fn f() {}").is_some());
        assert!(fixed("leader", "#[larder::invalidates(\"b\")] #[inline] fn f() {}").is_some());
        for (attribute, item) in [
            ("ttl_cached", "fn f() {}"),
            ("ttl_cached", "#[hexsha_cached] fn f() {}"),
            ("ttl_cached", "#[ttl_cached(\"b\")] fn f() {}"),
            ("ttl_cached", "#[leader(\"b\")] fn f() {}"),
            ("invalidates", "#[invalidates(\"b\")] #[ttl_cached] #[leader] fn f() {}"),
            ("leader", "#[other::invalidates] fn f() {}"),
            ("leader", "not an item"),
        ] {
            assert_eq!(fixed(attribute, item), None, "{attribute} over {item}");
        }
        let renamed = order("leader", "\"a\", crate = ::kept, ttl = \"5s\"", "#[kept::invalidates(\"b\")] fn f() {}");
        assert_eq!(
            renamed.as_deref(),
            Some("#[kept::invalidates(\"b\")]#[::kept::leader(\"a\",crate=::kept,ttl=\"5s\")]fnf(){}")
        );
    }
}
