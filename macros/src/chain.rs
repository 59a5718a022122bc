//! Method calls in the order in which they were asked for.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned as _;

/// `.first(..).second(..)`
#[derive(Debug, Default)]
pub(crate) struct Chain {
    calls: Vec<(&'static str, TokenStream)>,
}

impl Chain {
    /// Adds `.method(argument)`, or nothing when there is no argument.
    pub(crate) fn with(mut self, method: &'static str, argument: Option<impl ToTokens>) -> Self {
        if let Some(argument) = argument {
            self.calls.push((method, argument.into_token_stream()));
        }
        self
    }

    /// Adds `.method()`, or nothing.
    pub(crate) fn flag(mut self, method: Option<&'static str>) -> Self {
        self.calls.extend(method.map(|method| (method, TokenStream::new())));
        self
    }

    /// The calls, placed at `at`.
    pub(crate) fn at(&self, at: Span) -> TokenStream {
        let calls = self.calls.iter().map(|(method, argument)| {
            let here = if argument.is_empty() { at } else { argument.span().resolved_at(Span::mixed_site()) };
            let method = Ident::new(method, here);
            quote_spanned!(here=> .#method(#argument))
        });
        calls.collect()
    }
}
