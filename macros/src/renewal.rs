//! `refresh_ahead` and `stale_while_revalidate`: when a value is computed anew in the background.

use std::time::Duration;

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};
use syn::Expr;

use crate::apart::Apart;
use crate::args::Args;
use crate::duration::Length;
use crate::errors::Errors;
use crate::function::Function;
use crate::number;
use crate::policy::Store;

/// What a site and its body need for it.
#[derive(Debug)]
pub(crate) struct Renewal {
    /// The share of its life, and the time beyond it.
    pub(crate) settings: TokenStream,
    pub(crate) apart: Apart,
}

impl Renewal {
    pub(crate) fn take(args: &mut Args, store: Store, function: &Function, errors: &mut Errors) -> Option<Self> {
        let seen = ["refresh_ahead", "stale_while_revalidate"].into_iter().find(|name| args.seen(name))?;
        let at = args.value("refresh_ahead", errors, number::part);
        let stale = args.value("stale_while_revalidate", errors, beyond);
        if store == Store::Redis {
            let text =
                format!("`{seen}` renews what is in memory, and `store = redis` keeps nothing there: leave out one");
            errors.push(function.name_span(), text);
        }
        let at = at.unwrap_or_else(|| quote!(1.0));
        let stale = stale.unwrap_or_else(|| quote!(::core::time::Duration::ZERO));
        Some(Self { settings: quote!(#at, #stale), apart: function.apart(seen, errors) })
    }
}

/// A length that is part of a site: a constant may stand for it.
pub(crate) fn beyond(value: Expr) -> syn::Result<TokenStream> {
    match Length::read(value)? {
        Length::Fixed(Duration::ZERO, at) => {
            Err(syn::Error::new(at, "this duration must not be zero: write for example `\"30s\"`"))
        }
        length => Ok(length.into_token_stream()),
    }
}
