//! `when` and `store_if`: what decides before the body runs, and after it.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::Expr;

use crate::args::Args;
use crate::errors::Errors;
use crate::function::Function;
use crate::names::early;

#[derive(Debug)]
pub(crate) struct Conditions {
    when: Option<Expr>,
    store_if: Option<Expr>,
}

impl Conditions {
    pub(crate) fn take(args: &mut Args, function: &Function, errors: &mut Errors) -> Self {
        Self {
            when: args.value("when", errors, |value| early(value, function)),
            store_if: args.value("store_if", errors, Ok),
        }
    }

    /// Both conditions, as two arguments; `true` where there is none.
    pub(crate) fn at(&self, at: Span) -> TokenStream {
        let when = self.when.as_ref().map_or_else(|| quote_spanned!(at=> true), |when| quote_spanned!(at=> #when));
        match &self.store_if {
            None => quote_spanned!(at=> #when, |_| true),
            Some(store_if) => quote_spanned!(at=> #when, #store_if),
        }
    }
}
