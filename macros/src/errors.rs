//! Every fault of one macro call, reported together.

use std::fmt::Display;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};

/// The faults found so far.
#[derive(Debug, Default)]
pub(crate) struct Errors {
    all: Option<syn::Error>,
}

impl Errors {
    /// A fault at a place that is one token, or the attribute itself.
    pub(crate) fn push(&mut self, at: Span, text: impl Display) {
        self.add(syn::Error::new(at, text));
    }

    /// A fault that covers all of `tokens`.
    pub(crate) fn cover(&mut self, tokens: impl ToTokens, text: impl Display) {
        self.add(syn::Error::new_spanned(tokens, text));
    }

    pub(crate) fn add(&mut self, error: syn::Error) {
        match &mut self.all {
            Some(all) => all.combine(error),
            None => self.all = Some(error),
        }
    }

    /// The value, or nothing and its fault on the list.
    pub(crate) fn keep<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.add(error)).ok()
    }

    /// The value, when nothing was wrong.
    pub(crate) fn finish<T>(self, value: Option<T>) -> syn::Result<T> {
        match (self.all, value) {
            (None, Some(value)) => Ok(value),
            (Some(all), _) => Err(all),
            (None, None) => Err(syn::Error::new(Span::call_site(), "larder cannot read this item: report it, please")),
        }
    }
}

/// The expansion, or the user's item as it was with its faults beside it, so that its callers raise no second error.
pub(crate) fn or_untouched(result: syn::Result<TokenStream>, item: TokenStream) -> TokenStream {
    result.unwrap_or_else(|error| {
        let faults = error.into_compile_error();
        // A closure is an expression, and so is what takes its place.
        if syn::parse2::<syn::ExprClosure>(item.clone()).is_ok() {
            quote!({ #faults #item })
        } else {
            quote!(#item #faults)
        }
    })
}
