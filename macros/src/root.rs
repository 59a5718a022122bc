//! The path under which an expansion finds the runtime.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, quote_spanned};
use syn::{Expr, Path};

use crate::args::Args;
use crate::errors::Errors;

/// `::larder`, or what `crate = ..` says.
#[derive(Debug, Default)]
pub(crate) struct Root {
    renamed: Option<Path>,
}

impl Root {
    pub(crate) fn take(args: &mut Args, errors: &mut Errors) -> Self {
        Self { renamed: args.value("crate", errors, Self::read) }
    }

    fn read(value: Expr) -> syn::Result<Path> {
        match value {
            Expr::Path(path) if path.qself.is_none() => Self::absolute(path.path),
            other => Err(syn::Error::new_spanned(other, "this is no path: write `crate = ::larder`, without quotes")),
        }
    }

    /// The path, when it means the same in every module.
    pub(crate) fn absolute(path: Path) -> syn::Result<Path> {
        let first = path.segments.first().map(|segment| segment.ident.to_string());
        if path.leading_colon.is_some() || matches!(first.as_deref(), Some("crate" | "$crate")) {
            return Ok(path);
        }
        let written = path.to_token_stream().to_string().replace(' ', "");
        let text =
            format!("this path depends on the module: write `crate = ::{written}` or `crate = crate::{written}`");
        Err(syn::Error::new_spanned(path, text))
    }

    pub(crate) const fn renamed(path: Option<Path>) -> Self {
        Self { renamed: path }
    }

    /// The runtime's crate, its tokens placed at `at`.
    pub(crate) fn public(&self, at: Span) -> TokenStream {
        match &self.renamed {
            None => quote_spanned!(at=> ::larder),
            Some(path) => placed(path.to_token_stream(), at),
        }
    }

    /// What an expansion may name.
    pub(crate) fn private(&self, at: Span) -> TokenStream {
        let public = self.public(at);
        quote_spanned!(at=> #public::__private)
    }
}

/// The tokens as they resolve, shown at another place.
pub(crate) fn placed(tokens: TokenStream, at: Span) -> TokenStream {
    let move_one = |mut token: TokenTree| {
        if let TokenTree::Group(group) = &token {
            token = Group::new(group.delimiter(), placed(group.stream(), at)).into();
        }
        token.set_span(token.span().located_at(at));
        token
    };
    tokens.into_iter().map(move_one).collect()
}
