//! What a function returns, as far as its tokens tell.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, quote_spanned};
use syn::spanned::Spanned as _;
use syn::visit::Visit;
use syn::visit_mut::VisitMut;
use syn::{
    Lifetime, ParenthesizedGenericArguments, ReturnType, Token, TraitBound, Type, TypeFnPtr, TypeImplTrait, TypeInfer,
    TypeReference,
};

use crate::boxed::output;
use crate::errors::Errors;

/// What a macro does with the result of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// Keeps it for later callers.
    Store,
    /// Hands it over when this process leads.
    Lead,
    /// Looks whether it is an error.
    Judge,
}

/// The type of a function's result.
#[derive(Debug)]
pub(crate) struct Returns {
    /// The type; `()` where none is written.
    pub(crate) ty: TokenStream,
    /// Where the plumbing of an expansion stands: at the return type, or at the function's name.
    pub(crate) at: Span,
    /// Whether nothing of the type has a name: `impl Trait`. Deeper inside a type it is left to inference.
    pub(crate) opaque: bool,
    /// Whether some of it is: the rest cannot be asked for its traits.
    pub(crate) inferred: bool,
    /// The whole type, where it is a borrow: it has no owner when it is read back.
    pub(crate) lent: Option<TypeReference>,
}

impl Returns {
    pub(crate) fn new(output: &ReturnType, name: Span) -> Self {
        match output {
            ReturnType::Default => {
                let at = name.resolved_at(Span::mixed_site());
                Self { ty: quote_spanned!(at=> ()), at, opaque: false, inferred: false, lent: None }
            }
            ReturnType::Type(_, ty) => Self::of(ty),
        }
    }

    pub(crate) fn of(ty: &Type) -> Self {
        let mut named = plain(ty).clone();
        let mut infer = Infer { met: false };
        infer.visit_type_mut(&mut named);
        let opaque = matches!(named, Type::Infer(_));
        let at = ty.span().resolved_at(Span::mixed_site());
        let lent = if let Type::Reference(lent) = plain(ty) { Some(lent.clone()) } else { None };
        Self { ty: named.into_token_stream(), at, opaque, inferred: infer.met, lent }
    }
}

/// Puts `_` in the place of every `impl Trait`.
struct Infer {
    met: bool,
}

impl VisitMut for Infer {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        if let Type::ImplTrait(opaque) = ty {
            let underscore_token = Token![_](opaque.impl_token.span);
            self.met = true;
            *ty = Type::Infer(TypeInfer { attrs: Vec::new(), underscore_token });
        } else {
            syn::visit_mut::visit_type_mut(self, ty);
        }
    }
}

/// A type that a `macro_rules!` handed over as a whole, as if it stood there.
pub(crate) fn plain(mut ty: &Type) -> &Type {
    while let Type::Group(group) = ty {
        ty = &group.elem;
    }
    ty
}

/// Faults of a return type for what is done with it.
pub(crate) fn check(ty: &Type, wanted: Use, name: &str, errors: &mut Errors) {
    if output(ty).is_some() {
        let text = format!("a boxed future is made before anything is awaited: write `async fn {name}(..) -> T`");
        errors.cover(ty, text);
        return;
    }
    let mut look = Look::default();
    look.visit_type(ty);
    for opaque in look.opaque {
        if is_future(opaque) {
            errors.cover(opaque, format!("write `async fn {name}(..) -> T` instead of `-> impl Future`"));
        } else if wanted == Use::Store {
            errors.cover(
                opaque,
                "`impl Trait` has no name to store it under: name the type, or return a `Vec` or an `Arc`",
            );
        } else if wanted == Use::Lead {
            let text =
                "a leader returns `()`, `Option<T>`, `larder::Leadership<T>` or a `Result` of these: name the type";
            errors.cover(opaque, text);
        }
    }
    if wanted != Use::Store {
        return;
    }
    for (borrowed, owned) in look.borrowed {
        errors.cover(borrowed, format!("a borrowed value cannot be stored: return an owned one, like {owned}"));
    }
    if let Type::Never(never) = plain(ty) {
        errors.cover(never, "a function that never returns has nothing to store: leave the attribute out");
    }
}

/// The `impl Trait`s of a type, and what it borrows.
#[derive(Default)]
struct Look<'a> {
    opaque: Vec<&'a TypeImplTrait>,
    borrowed: Vec<(TokenStream, &'static str)>,
}

impl<'a> Visit<'a> for Look<'a> {
    fn visit_type_impl_trait(&mut self, found: &'a TypeImplTrait) {
        self.opaque.push(found);
    }

    fn visit_type_reference(&mut self, found: &'a TypeReference) {
        if found.lifetime.as_ref().is_some_and(|lifetime| lifetime.ident == "static") {
            return self.visit_type(&found.elem);
        }
        let owned = match &*found.elem {
            Type::Path(path) if path.path.is_ident("str") => "`String`",
            Type::Slice(_) => "a `Vec`",
            _ => "the value itself or an `Arc` of it",
        };
        self.borrowed.push((found.to_token_stream(), owned));
    }

    fn visit_lifetime(&mut self, found: &'a Lifetime) {
        if found.ident != "static" {
            self.borrowed.push((found.to_token_stream(), "one with `'static` here"));
        }
    }

    // The borrows of a function's own parameters are not the value's.
    fn visit_type_fn_ptr(&mut self, _: &'a TypeFnPtr) {}

    fn visit_parenthesized_generic_arguments(&mut self, _: &'a ParenthesizedGenericArguments) {}

    fn visit_trait_bound(&mut self, found: &'a TraitBound) {
        if found.lifetimes.is_none() {
            syn::visit::visit_trait_bound(self, found);
        }
    }
}

fn is_future(ty: &TypeImplTrait) -> bool {
    ty.bounds.iter().any(|bound| match bound {
        syn::TypeParamBound::Trait(bound) => bound.path.segments.last().is_some_and(|last| last.ident == "Future"),
        _ => false,
    })
}
