//! A body that runs apart from its call: what it borrows is taken along in its owned form.

use proc_macro2::{Group, Ident, Span, TokenStream};
use quote::{ToTokens as _, quote_spanned};
use syn::spanned::Spanned as _;
use syn::visit::Visit;
use syn::{FnArg, Lifetime, Pat, Receiver, ReceiverKind, Signature, Token, Type, TypeReference};

use crate::errors::Errors;
use crate::receiver::{in_texts, renamed};
use crate::returns::plain;
use crate::root::placed;

/// What a body that runs apart takes along.
#[derive(Debug, Default)]
pub(crate) struct Apart {
    lent: Vec<Lent>,
    /// `self`, where it is lent: the body then knows it by another name.
    lent_self: Option<Ident>,
}

/// One parameter that is a reference.
#[derive(Debug)]
struct Lent {
    name: Ident,
    /// The body's own variable may be bound anew, as the parameter was.
    mutability: Option<Token![mut]>,
    of: Type,
}

/// What the body calls a `self` that was lent.
const RECEIVER: &str = "__larder_self";

impl Apart {
    /// Reads the parameters; `argument` is what asks for a body that runs apart.
    pub(crate) fn plan(sig: &Signature, statements: &Group, argument: &str, errors: &mut Errors) -> Self {
        let mut apart = Self::default();
        for input in &sig.inputs {
            match input {
                FnArg::Receiver(receiver) => apart.receiver(receiver, argument, errors),
                FnArg::Typed(typed) => apart.typed(&typed.pat, &typed.ty, argument, errors),
            }
        }
        if apart.lent_self.is_some() {
            for (text, written) in in_texts(statements) {
                let text_of_self =
                    format!("`self` inside a text cannot be taken along, and what `{argument}` runs outlives the call");
                errors.cover(text, format!("{text_of_self}: write `{{{written}}}`, and `self` behind the text, as in `format!(\"{{{written}}}\", self)`"));
            }
        }
        apart
    }

    fn receiver(&mut self, receiver: &Receiver, argument: &str, errors: &mut Errors) {
        match &receiver.kind {
            ReceiverKind::Reference(_, _, Some(_)) => errors.cover(receiver, exclusive("self", argument)),
            ReceiverKind::Reference(..) => self.lent_self = Some(receiver.self_token.into()),
            ReceiverKind::Typed(_, ty) if let Some(lifetime) = lifetime(ty) => {
                errors.cover(lifetime, inside("self", argument));
            }
            _ => {}
        }
    }

    fn typed(&mut self, pat: &Pat, ty: &Type, argument: &str, errors: &mut Errors) {
        let called = pat.to_token_stream().to_string();
        match (plain(ty), pat) {
            (Type::Reference(TypeReference { mutability: Some(_), .. }), _) => {
                errors.cover(ty, exclusive(&called, argument));
            }
            (Type::Reference(reference), Pat::Ident(pat)) if pat.subpat.is_none() && pat.by_ref.is_none() => {
                match lifetime(&reference.elem) {
                    Some(lifetime) => errors.cover(lifetime, inside(&called, argument)),
                    None if matches!(plain(&reference.elem), Type::ImplTrait(_)) => {
                        let text = format!("`{called}` is lent without a name for its type: take it by value");
                        errors.cover(ty, text);
                    }
                    None => self.lent.push(Lent {
                        name: pat.ident.clone(),
                        mutability: pat.mutability,
                        of: (*reference.elem).clone(),
                    }),
                }
            }
            (Type::Reference(_), pat) => {
                errors.cover(pat, "a parameter that is lent needs a name here: take it apart in the body");
            }
            (ty, _) => {
                if let Some(lifetime) = lifetime(ty) {
                    errors.cover(lifetime, inside(&called, argument));
                }
            }
        }
    }

    /// The signature of a function with such a body: nobody binds anew there what is lent.
    pub(crate) fn signature(&self, mut sig: Signature) -> Signature {
        for input in &mut sig.inputs {
            if let FnArg::Typed(typed) = input
                && let (Pat::Ident(pat), Type::Reference(_)) = (&mut *typed.pat, plain(&typed.ty))
            {
                pat.mutability = None;
            }
        }
        sig
    }

    /// The body with what it takes along: `{ let db = own(db); async move { let db = lend(&db); .. } }`.
    pub(crate) fn body(
        &self,
        private: &TokenStream,
        at: Span,
        statements: &Group,
        wrap: impl FnOnce(&TokenStream) -> TokenStream,
    ) -> TokenStream {
        let receiver = Ident::new(RECEIVER, Span::mixed_site());
        let mut owned = TokenStream::new();
        let mut lent = TokenStream::new();
        if let Some(lent_self) = &self.lent_self {
            owned.extend(quote_spanned!(at=> let #receiver = #private::own(#lent_self);));
            lent.extend(quote_spanned!(at=> let #receiver = #private::lend::<Self>(&#receiver);));
        }
        for Lent { name, mutability, of } in &self.lent {
            let here = of.span().resolved_at(Span::mixed_site());
            let (private, bound) = (placed(private.clone(), here), name);
            owned.extend(quote_spanned!(here=> let #bound = #private::own(#name);));
            lent.extend(quote_spanned!(here=> let #mutability #bound = #private::lend::<#of>(&#bound);));
        }
        let inside = if self.lent_self.is_some() { renamed(statements.clone(), &receiver) } else { statements.clone() };
        lent.extend(inside.stream());
        let mut statements = Group::new(inside.delimiter(), lent);
        statements.set_span(inside.span());
        let body = wrap(&statements.into_token_stream());
        quote_spanned!(at=> { #owned #body })
    }
}

fn exclusive(name: &str, argument: &str) -> String {
    format!("`{name}` is lent to be changed, and what `{argument}` runs outlives the call: take an `Arc` by value")
}

fn inside(name: &str, argument: &str) -> String {
    format!("`{name}` borrows inside its type, and what `{argument}` runs outlives the call: take an owned type")
}

/// A lifetime in a type, but for `'static`.
fn lifetime(ty: &Type) -> Option<TokenStream> {
    #[derive(Default)]
    struct Search(Option<TokenStream>);
    impl Visit<'_> for Search {
        fn visit_lifetime(&mut self, lifetime: &Lifetime) {
            if lifetime.ident != "static" && self.0.is_none() {
                self.0 = Some(lifetime.to_token_stream());
            }
        }

        fn visit_type_reference(&mut self, reference: &TypeReference) {
            let fixed = reference.lifetime.as_ref().is_some_and(|lifetime| lifetime.ident == "static");
            if !fixed && self.0.is_none() {
                self.0 = Some(reference.to_token_stream());
            }
            syn::visit::visit_type_reference(self, reference);
        }
    }
    let mut search = Search::default();
    search.visit_type(ty);
    search.0
}
