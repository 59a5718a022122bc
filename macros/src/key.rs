//! Which values make the key of a call.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Expr, ExprPath, ExprReference, Token};

use crate::args::{Arg, Args};
use crate::errors::Errors;
use crate::function::Function;
use crate::names::mention;
use crate::nearest::{listed, nearest};

/// `key(..)` and `skip(..)` as they were written.
#[derive(Debug)]
pub(crate) struct KeyArgs {
    key: Option<Arg<Vec<Expr>>>,
    skip: Option<Arg<Vec<Expr>>>,
}

impl KeyArgs {
    pub(crate) fn take(args: &mut Args, errors: &mut Errors) -> Self {
        Self { key: args.list("key", errors), skip: args.list("skip", errors) }
    }
}

/// The values that make the key, in order.
#[derive(Debug)]
pub(crate) struct Key {
    parts: Vec<Expr>,
    /// What is in no part. Of a configuration among it, the revision is in the key all the same.
    left_out: Vec<Expr>,
}

impl Key {
    /// All that the parameters bind but `apart`, unless the arguments say otherwise.
    pub(crate) fn plan(args: KeyArgs, function: &Function, apart: Option<&Ident>, errors: &mut Errors) -> Self {
        let skipped = args.skip.as_ref().map_or_else(Vec::new, |skip| skipped(&skip.value, function, errors));
        if let Some(key) = &args.key {
            for part in &key.value {
                check_part(part, function, errors);
            }
            if let Some(skip) = &args.skip {
                check_both(key, skip, &skipped, function, apart, errors);
            }
        }
        let parts = args.key.map(|key| key.value).unwrap_or_else(|| {
            let all = function.params.iter().flat_map(|param| param.names.iter().map(move |name| (name, param)));
            let left = all.filter(|(name, _)| apart != Some(*name) && !skipped.contains(name));
            left.map(|(name, param)| variable(name, &param.conditions)).collect()
        });
        let left_out = left_out(&parts, function, apart);
        Self { parts, left_out }
    }

    /// `SharedKey::empty().part(&first).part(&second)`, each part placed at what the user wrote; `when`: on what condition.
    pub(crate) fn tokens(
        &self,
        private: &TokenStream,
        tier: &TokenStream,
        when: Option<&Expr>,
        at: Span,
    ) -> TokenStream {
        let key = match when {
            None => quote_spanned!(at=> #tier::empty()),
            Some(when) => quote_spanned!(at=> #tier::when(#when)),
        };
        if self.parts.is_empty() && self.left_out.is_empty() {
            return quote_spanned!(at=> &#key);
        }
        let parts = self.parts.iter().map(|part| {
            let at = part.span().resolved_at(Span::mixed_site());
            let part = borrowed(part, at);
            quote_spanned!(at=> .part(#part))
        });
        let left_out = self.left_out.iter().map(|name| {
            let name = borrowed(name, at);
            quote_spanned!(at=> .revision(#private::LeftOut::new(#name).revision()))
        });
        quote_spanned!(at=> #key #(#parts)* #(#left_out)*)
    }
}

/// The variables that no part of the key is.
fn left_out(parts: &[Expr], function: &Function, apart: Option<&Ident>) -> Vec<Expr> {
    let is_part = |name: &Ident| {
        let named = parts.iter().any(|part| matches!(part, Expr::Path(path) if path.path.is_ident(name)));
        let of_some_builds = |part: &Expr| mention(&name.to_string(), part.to_token_stream()).is_some();
        named || parts.iter().any(|part| matches!(part, Expr::Verbatim(_)) && of_some_builds(part))
    };
    let params = function.params.iter().flat_map(|param| param.names.iter().map(move |name| (name, param)));
    let bound = params.filter(|(name, _)| apart != Some(*name) && !is_part(name));
    let receiver = function.receiver().filter(|name| !is_part(name)).map(|name| variable(&name, &[]));
    receiver.into_iter().chain(bound.map(|(name, param)| variable(name, &param.conditions))).collect()
}

/// `&value`, with the parentheses that the value needs.
pub(crate) fn borrowed(value: &Expr, at: Span) -> Expr {
    let (attrs, and_token, expr) = (Vec::new(), Token![&](at), Box::new(value.clone()));
    Expr::Reference(ExprReference { attrs, and_token, mutability: None, expr })
}

/// The variable at the root of a chain of fields and methods.
pub(crate) fn root(value: &Expr) -> Option<&Ident> {
    match value {
        Expr::Path(path) => path.path.get_ident(),
        Expr::Field(field) => root(&field.base),
        Expr::MethodCall(call) => root(&call.receiver),
        Expr::Index(index) => root(&index.expr),
        Expr::Reference(reference) => root(&reference.expr),
        Expr::Unary(unary) => root(&unary.expr),
        Expr::Paren(paren) => root(&paren.expr),
        Expr::Group(group) => root(&group.expr),
        Expr::Try(tried) => root(&tried.expr),
        _ => None,
    }
}

/// Why `name` is no variable of this function; `None` when it is one, or may be a constant.
pub(crate) fn unknown(name: &Ident, function: &Function) -> Option<String> {
    let (word, of) = (name.to_string(), function.name());
    if word == "self" {
        return (!function.has_self()).then(|| format!("`{of}` has no `self`: name one of its parameters"));
    }
    if function.binds(&word) || word.starts_with(char::is_uppercase) {
        return None;
    }
    let names: Vec<_> = function.bound().map(ToString::to_string).collect();
    let names = || names.iter().map(String::as_str);
    Some(match nearest(&word, names()) {
        Some(meant) => format!("`{word}` is not a parameter of `{of}`: did you mean `{meant}`?"),
        None if names().next().is_none() => {
            format!("`{word}` is not a parameter of `{of}`: it has none")
        }
        None => format!("`{word}` is not a parameter of `{of}`: write {}", listed(names())),
    })
}

/// A variable; where only some builds have it, `()` in all others.
fn variable(name: &Ident, conditions: &[TokenStream]) -> Expr {
    let mut name = name.clone();
    // Clippy minds a `_name` that is used, unless an attribute uses it.
    if name.to_string().starts_with('_') {
        name.set_span(name.span().resolved_at(Span::call_site()));
    }
    if conditions.is_empty() {
        return Expr::Path(ExprPath { attrs: Vec::new(), qself: None, path: name.into() });
    }
    let (at, all) = (name.span(), quote!(all(#(#conditions),*)));
    Expr::Verbatim(quote_spanned!(at=> { #[cfg(#all)] { &#name } #[cfg(not(#all))] { &() } }))
}

fn skipped(values: &[Expr], function: &Function, errors: &mut Errors) -> Vec<Ident> {
    let mut names = Vec::new();
    for value in values {
        let name = match value {
            Expr::Path(path) => path.path.get_ident(),
            _ => None,
        };
        match name {
            None => errors.cover(value, "`skip` takes names of parameters: write `skip(db)`"),
            Some(name) if name == "self" => errors.cover(name, "`self` is never in the key: leave it out here"),
            Some(name) if function.binds(&name.to_string()) => names.push(name.clone()),
            Some(name) => {
                errors.cover(name, unknown(name, function).unwrap_or_else(|| not_a_parameter(name, function)))
            }
        }
    }
    names
}

fn not_a_parameter(name: &Ident, function: &Function) -> String {
    format!("`{name}` is not a parameter of `{}`: leave it out here", function.name())
}

fn check_part(part: &Expr, function: &Function, errors: &mut Errors) {
    if !function.binds("ret")
        && let Some(ret) = mention("ret", part.to_token_stream())
    {
        errors.cover(ret, "the key is made before the function runs, so there is no `ret` yet: use parameters");
    } else if let Some(name) = root(part)
        && let Some(text) = unknown(name, function)
    {
        errors.cover(name, text);
    }
}

/// Both lists together are clear only when every parameter is in one of them.
fn check_both(
    key: &Arg<Vec<Expr>>,
    skip: &Arg<Vec<Expr>>,
    skipped: &[Ident],
    function: &Function,
    apart: Option<&Ident>,
    errors: &mut Errors,
) {
    for name in function.bound().filter(|name| apart != Some(*name)) {
        let word = name.to_string();
        let whole = key.value.iter().any(|part| matches!(part, Expr::Path(path) if path.path.is_ident(&word)));
        let named = key.value.iter().any(|part| mention(&word, part.to_token_stream()).is_some());
        match skipped.iter().find(|skipped| *skipped == name) {
            Some(twice) if whole => {
                errors.cover(twice, format!("`{word}` is in `key` too: leave it out in one of them"))
            }
            None if !named => {
                errors.push(
                    skip.name,
                    format!("`key` and `skip` together say nothing of `{word}`: write only one of them"),
                );
                errors.push(key.name, "`key` is here");
            }
            _ => {}
        }
    }
}
