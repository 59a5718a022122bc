//! The attribute macros of `larder`.

use proc_macro::TokenStream;

mod args;
mod boxed;
mod cache_key;
mod chain;
mod duration;
mod errors;
mod fingerprint;
mod function;
mod hexsha_cached;
mod invalidates;
mod key;
mod leader;
mod names;
mod nearest;
mod number;
mod policy;
mod returns;
mod root;
mod ttl_cached;
mod words;

#[cfg(test)]
mod tests;

/// ttl
#[proc_macro_attribute]
pub fn ttl_cached(args: TokenStream, item: TokenStream) -> TokenStream {
    expand(args, item, ttl_cached::expand)
}

/// hexsha
#[proc_macro_attribute]
pub fn hexsha_cached(args: TokenStream, item: TokenStream) -> TokenStream {
    expand(args, item, hexsha_cached::expand)
}

/// inv
#[proc_macro_attribute]
pub fn invalidates(args: TokenStream, item: TokenStream) -> TokenStream {
    expand(args, item, invalidates::expand)
}

/// leader
#[proc_macro_attribute]
pub fn leader(args: TokenStream, item: TokenStream) -> TokenStream {
    expand(args, item, leader::expand)
}

/// derive
#[proc_macro_derive(CacheKey, attributes(key))]
pub fn derive_cache_key(item: TokenStream) -> TokenStream {
    cache_key::expand(item.into())
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

/// The way of every attribute; on a fault the item stays as it was.
fn expand(
    args: TokenStream,
    item: TokenStream,
    expand: fn(
        proc_macro2::TokenStream,
        proc_macro2::TokenStream,
    ) -> syn::Result<proc_macro2::TokenStream>,
) -> TokenStream {
    errors::or_untouched(expand(args.into(), item.clone().into()), item.into()).into()
}
