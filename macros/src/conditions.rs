//! `when` and `store_if`: what decides before the body runs, and after it.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, quote_spanned};
use syn::Expr;

use crate::args::Args;
use crate::errors::Errors;
use crate::function::Function;
use crate::names::{early, mention};

#[derive(Debug)]
pub(crate) struct Conditions {
    when: Option<Expr>,
    store_if: Option<Expr>,
}

impl Conditions {
    pub(crate) fn take(args: &mut Args, function: &Function, errors: &mut Errors) -> Self {
        Self {
            when: args.value("when", errors, |value| early(value, function)),
            store_if: args.value("store_if", errors, |value| closure(value, function)),
        }
    }

    /// Whether the call looks into the cache at all, where something is said of it.
    pub(crate) const fn when(&self) -> Option<&Expr> {
        self.when.as_ref()
    }

    /// `.store_if(what looks at the value before it is stored)`, or nothing.
    pub(crate) fn store_if(&self, at: Span) -> TokenStream {
        self.store_if.as_ref().map_or_else(TokenStream::new, |store_if| quote_spanned!(at=> .store_if(#store_if)))
    }
}

/// What looks at the stored value: a closure over it, not an expression of `ret`.
fn closure(value: Expr, function: &Function) -> syn::Result<Expr> {
    match mention("ret", value.to_token_stream()) {
        None if matches!(value, Expr::Lit(_) | Expr::Unary(_) | Expr::Binary(_)) => {
            Err(syn::Error::new_spanned(value, "`store_if` is given the value: write a closure, `|v| ..`"))
        }
        Some(ret) if !matches!(value, Expr::Closure(_)) && !function.binds("ret") => {
            Err(syn::Error::new(ret.span(), "`store_if` is given the value: write a closure, `|ret| ..`"))
        }
        _ => Ok(value),
    }
}
