//! The shape that `#[async_trait]` gives to a method: `Box::pin(async move { .. })`.

use proc_macro2::{Group, TokenStream};
use quote::{ToTokens as _, quote};
use syn::parse::Parser as _;
use syn::{Block, Expr, GenericArgument, PathArguments, ReturnType, Signature, Stmt, Token, Type, TypeParamBound};

/// A method that returns a boxed future, taken apart.
#[derive(Debug)]
pub(crate) struct Boxed {
    before: TokenStream,
    pin: Expr,
    async_token: Token![async],
    capture: Token![move],
    /// The future's statements.
    pub(crate) statements: Group,
    /// What the future gives.
    pub(crate) output: Type,
}

impl Boxed {
    pub(crate) fn read(sig: &Signature, body: &Group) -> Option<Self> {
        let ReturnType::Type(_, ty) = &sig.output else {
            return None;
        };
        if sig.asyncness.is_some() {
            return None;
        }
        let output = output(ty)?.clone();
        let mut statements = Block::parse_within.parse2(body.stream()).ok()?;
        let Some(Stmt::Expr(Expr::Call(mut call), None)) = statements.pop() else {
            return None;
        };
        let Some(Expr::Async(future)) = call.args.pop() else {
            return None;
        };
        if !call.args.is_empty() || !is_pin(&call.func) {
            return None;
        }
        let stmts = future.block.stmts;
        let mut inner = Group::new(proc_macro2::Delimiter::Brace, quote!(#(#stmts)*));
        inner.set_span(future.block.brace_token.span.join());
        Some(Self {
            before: quote!(#(#statements)*),
            pin: *call.func,
            async_token: future.async_token,
            capture: future.capture?,
            statements: inner,
            output,
        })
    }

    /// The same shape around other statements.
    pub(crate) fn around(&self, call: &TokenStream) -> TokenStream {
        let Self { before, pin, async_token, capture, .. } = self;
        quote!(#before #pin(#async_token #capture { #call }))
    }
}

/// The `T` of `Pin<Box<dyn Future<Output = T> + ..>>`.
pub(crate) fn output(ty: &Type) -> Option<&Type> {
    let Type::TraitObject(future) = argument(argument(ty, "Pin")?, "Box")? else {
        return None;
    };
    future.bounds.iter().find_map(|bound| {
        let TypeParamBound::Trait(bound) = bound else {
            return None;
        };
        let last = bound.path.segments.last().filter(|last| last.ident == "Future")?;
        let PathArguments::AngleBracketed(arguments) = &last.arguments else {
            return None;
        };
        arguments.args.iter().find_map(|argument| match argument {
            GenericArgument::AssocType(assoc) if assoc.ident == "Output" => Some(&assoc.ty),
            _ => None,
        })
    })
}

/// The `T` of `name<T>`.
fn argument<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    match ty {
        Type::Group(group) => argument(&group.elem, name),
        Type::Path(path) => {
            let last = path.path.segments.last().filter(|last| last.ident == name)?;
            let PathArguments::AngleBracketed(arguments) = &last.arguments else {
                return None;
            };
            match arguments.args.first() {
                Some(GenericArgument::Type(ty)) => Some(ty),
                _ => None,
            }
        }
        _ => None,
    }
}

fn is_pin(callee: &Expr) -> bool {
    callee.to_token_stream().to_string().replace(' ', "").ends_with("Box::pin")
}
