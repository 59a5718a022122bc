//! Numbers and flags that become part of a site.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Expr, ExprLit, ExprUnary, Lit, UnOp};

/// A count of at least one; a constant expression is taken as it is.
pub(crate) fn count(value: Expr) -> syn::Result<Expr> {
    match whole(&value)? {
        Some(0) => Err(syn::Error::new_spanned(value, "0 would store nothing: write a number from 1 up")),
        _ => Ok(value),
    }
}

/// A schema version.
pub(crate) fn version(value: Expr) -> syn::Result<Expr> {
    match whole(&value)? {
        Some(number) if number > u64::from(u32::MAX) => {
            Err(syn::Error::new_spanned(value, "a version is a `u32`: write a smaller number"))
        }
        _ => Ok(value),
    }
}

/// A schema version that is part of what is stored: the macro has to know it.
pub(crate) fn known_version(value: Expr) -> syn::Result<u32> {
    let number = whole(&value)?.and_then(|number| u32::try_from(number).ok());
    number.ok_or_else(|| syn::Error::new_spanned(value, "this version is no `u32` in digits: write for example `2`"))
}

/// How many replicas must have a lease; an expression is a `u32`.
pub(crate) fn replicas(value: Expr) -> syn::Result<Expr> {
    match whole(&value)? {
        Some(0) => Err(syn::Error::new_spanned(value, "0 asks no replica, as without it: leave it out, or write `1`")),
        Some(number) if number > u64::from(u32::MAX) => {
            Err(syn::Error::new_spanned(value, "this number is too large: write a smaller one"))
        }
        _ => Ok(value),
    }
}

/// Whether only the compiler knows the number: a literal is in the fingerprint of the arguments already.
pub(crate) fn is_constant(value: &Expr) -> bool {
    !matches!(value, Expr::Lit(_))
}

/// A share between 0.0 and 1.0.
pub(crate) fn share(value: Expr) -> syn::Result<TokenStream> {
    let number = match &value {
        Expr::Lit(ExprLit { lit: Lit::Float(lit), .. }) => lit.base10_parse::<f64>().unwrap_or(f64::NAN),
        Expr::Lit(ExprLit { lit: Lit::Int(lit), .. }) => lit.base10_parse::<u32>().map_or(f64::NAN, f64::from),
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), .. }) => f64::NAN,
        Expr::Lit(_) => {
            let text = "this is no share: write a number from 0.0 to 1.0, such as `0.1`";
            return Err(syn::Error::new_spanned(value, text));
        }
        _ => return Ok(value.into_token_stream()),
    };
    if !(0.0..=1.0).contains(&number) {
        return Err(syn::Error::new_spanned(value, "this share is outside 0.0..=1.0: write for example `0.1`"));
    }
    Ok(quote_spanned!(value.span()=> #number))
}

/// A share of a life that has begun and not ended.
pub(crate) fn part(value: Expr) -> syn::Result<TokenStream> {
    let whole = matches!(&value, Expr::Lit(ExprLit { lit: Lit::Int(_), .. }));
    let edge = matches!(&value, Expr::Lit(ExprLit { lit: Lit::Float(lit), .. })
        if lit.base10_parse::<f64>().is_ok_and(|share| share <= 0.0 || share >= 1.0));
    if whole || edge {
        return Err(syn::Error::new_spanned(value, "this is no part of a life: write for example `0.8`"));
    }
    share(value)
}

/// `true` or `false`.
pub(crate) fn flag(value: Expr) -> syn::Result<bool> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Bool(lit), .. }) => Ok(lit.value),
        other => {
            Err(syn::Error::new_spanned(other, "this is neither `true` nor `false`: write one of them, without quotes"))
        }
    }
}

fn whole(value: &Expr) -> syn::Result<Option<u64>> {
    let fault = |text: &str| Err(syn::Error::new_spanned(value, text));
    match value {
        Expr::Lit(ExprLit { lit: Lit::Int(lit), .. }) => match lit.base10_parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => fault("this number is too large: write a smaller one"),
        },
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), .. }) => fault("this number is negative: write one from 1 up"),
        Expr::Lit(_) => fault("this is no whole number: write one without quotes, such as `2`, or a constant"),
        _ => Ok(None),
    }
}
