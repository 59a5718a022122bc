//! The shape that `#[async_trait]` gives to a method: `Box::pin(async move { .. })`.

use proc_macro2::{Group, TokenStream};
use quote::{ToTokens as _, quote};
use syn::parse::Parser as _;
use syn::{
    Block, Expr, FnArg, GenericArgument, Local, Pat, PathArguments, ReturnType, Signature, Stmt, Token, Type,
    TypeParamBound,
};

/// A method that returns a boxed future, taken apart.
#[derive(Debug)]
pub(crate) struct Boxed {
    before: TokenStream,
    pin: Expr,
    async_token: Token![async],
    capture: Token![move],
    /// What binds the parameters once more, before the key is made: so the key's use of one is a use of it.
    taken: Vec<Taken>,
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
        let (taken, stmts) = taken(future.block.stmts, sig);
        let mut inner = Group::new(proc_macro2::Delimiter::Brace, quote!(#(#stmts)*));
        inner.set_span(future.block.brace_token.span.join());
        Some(Self {
            before: quote!(#(#statements)*),
            pin: *call.func,
            async_token: future.async_token,
            capture: future.capture?,
            taken,
            statements: inner,
            output,
        })
    }

    /// The same shape around other statements.
    pub(crate) fn around(&self, call: &TokenStream) -> TokenStream {
        let Self { before, pin, async_token, capture, taken, .. } = self;
        let taken = taken.iter().map(|taken| &taken.statement);
        quote!(#before #pin(#async_token #capture { #(#taken)* #call }))
    }

    /// The parameters that are patterns, each with the name that stands in the signature.
    pub(crate) fn patterns(&self) -> impl Iterator<Item = (&str, &Pat)> {
        let patterns = self.taken.iter().filter(|taken| is_stand_in(&taken.name));
        patterns.map(|taken| (taken.name.as_str(), &taken.statement.pat))
    }
}

/// `let id = id;` and `let (a, b) = { let __arg1 = __arg1; __arg1 };`, as `#[async_trait]` writes them.
#[derive(Debug)]
struct Taken {
    /// What stands in the signature.
    name: String,
    statement: Local,
}

/// What binds the parameters once more, and all other statements. Behind a variable of the body's own, a name may mean
/// that one.
fn taken(statements: Vec<Stmt>, sig: &Signature) -> (Vec<Taken>, Vec<Stmt>) {
    let (mut found, mut rest, mut own) = (Vec::new(), Vec::new(), false);
    for statement in statements {
        match statement {
            Stmt::Local(local) if !own && let Some(name) = taken_name(&local, sig) => {
                found.push(Taken { name, statement: local });
            }
            other => {
                own |= matches!(&other, Stmt::Local(local) if !binds(&local.pat, "__self"));
                rest.push(other);
            }
        }
    }
    (found, rest)
}

/// The name of a parameter that is a pattern.
fn is_stand_in(name: &str) -> bool {
    name.starts_with("__arg")
}

/// Whether a pattern is this variable.
fn binds(pat: &Pat, name: &str) -> bool {
    matches!(pat, Pat::Ident(pat) if pat.ident == name)
}

/// The parameter that a statement binds once more.
fn taken_name(local: &Local, sig: &Signature) -> Option<String> {
    let mut value = &*local.init.as_ref()?.expr;
    if let Expr::Block(block) = value
        && let Some(Stmt::Expr(last, None)) = block.block.stmts.last()
    {
        value = last;
    }
    let Expr::Path(path) = value else {
        return None;
    };
    let name = path.path.get_ident()?.to_string();
    let is_parameter = || {
        let mut typed =
            sig.inputs.iter().filter_map(|input| if let FnArg::Typed(typed) = input { Some(typed) } else { None });
        typed.any(|typed| binds(&typed.pat, &name))
    };
    (is_stand_in(&name) || (binds(&local.pat, &name) && is_parameter())).then_some(name)
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
