//! Where a call's revision comes from.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::spanned::Spanned as _;
use syn::{Expr, Pat};

use crate::errors::Errors;
use crate::function::Function;
use crate::key::{borrowed, root, unknown};
use crate::root::placed;

/// The revision of a call.
#[derive(Debug)]
pub(crate) enum Revision {
    /// A parameter that implements `HexSha`.
    Of(Ident),
    /// An expression that is the revision.
    Is(Box<Expr>),
}

impl Revision {
    /// The first parameter, where nothing else is said.
    pub(crate) fn first(function: &Function, errors: &mut Errors) -> Self {
        let cure = "take the configuration first, or write `revision = ..`";
        match function.params.first().map(|param| &param.pat) {
            Some(Pat::Ident(pat)) => return Self::Of(pat.ident.clone()),
            Some(pat) => errors.cover(pat, format!("the first parameter is the revision and needs a name: {cure}")),
            None => errors.push(function.name_span(), format!("nothing here tells the revision: {cure}")),
        }
        Self::none()
    }

    /// What stands for a revision that is among the faults already.
    pub(crate) fn none() -> Self {
        Self::Of(Ident::new("revision", Span::call_site()))
    }

    /// An expression that is written out.
    pub(crate) fn written(value: Expr, function: &Function) -> syn::Result<Self> {
        match root(&value).and_then(|name| Some((name, unknown(name, function)?))) {
            Some((name, text)) => Err(syn::Error::new(name.span(), text)),
            None => Ok(Self::Is(Box::new(value))),
        }
    }

    /// The parameter that the key leaves to the revision.
    pub(crate) fn root(&self) -> Option<&Ident> {
        match self {
            Self::Of(name) => Some(name),
            Self::Is(value) => root(value),
        }
    }

    pub(crate) fn tokens(&self, private: &TokenStream) -> TokenStream {
        match self {
            Self::Of(name) => {
                let at = name.span().resolved_at(Span::mixed_site());
                let private = placed(private.clone(), at);
                quote_spanned!(at=> #private::revision(&#name))
            }
            Self::Is(value) => {
                let at = value.span().resolved_at(Span::mixed_site());
                let (private, value) = (placed(private.clone(), at), borrowed(value, at));
                quote_spanned!(at=> #private::text_of(#value))
            }
        }
    }
}
