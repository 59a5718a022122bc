//! `#[derive(CacheKey)]`: a type's canonical form in a key.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::visit::Visit;
use syn::{
    Attribute, Data, DeriveInput, Field, Fields, GenericParam, Member, Path, Type, TypePath,
    parse_quote_spanned,
};

use crate::errors::Errors;
use crate::fingerprint::of_names;
use crate::root::Root;

struct Plan {
    root: Root,
    shapes: Vec<Shape>,
    /// Types of fields that only bounds can promise to be keys.
    bounded: Vec<TypePath>,
}

/// A struct, or one variant of an enum.
struct Shape {
    variant: Option<Ident>,
    fields: Vec<Kept>,
    fingerprint: u64,
}

/// A field that is part of the key.
struct Kept {
    member: Member,
    ty: Type,
}

impl Plan {
    fn new(input: &DeriveInput, errors: &mut Errors) -> Self {
        let root = Root::renamed(rename(&input.attrs, errors));
        let shapes: Vec<_> = match &input.data {
            Data::Struct(data) => vec![Shape::new(input, None, &data.fields, errors)],
            Data::Enum(data) => {
                for variant in &data.variants {
                    refuse(&variant.attrs, "a variant", errors);
                }
                let shape = |variant: &syn::Variant| {
                    Shape::new(input, Some(&variant.ident), &variant.fields, errors)
                };
                data.variants.iter().map(shape).collect()
            }
            Data::Union(data) => {
                let text =
                    "a union does not tell which field it holds: implement `CacheKey` by hand";
                errors.cover(data.union_token, text);
                Vec::new()
            }
        };
        let bounded = bounded(input, shapes.iter().flat_map(|shape| &shape.fields));
        Self {
            root,
            shapes,
            bounded,
        }
    }
}

impl Shape {
    fn new(
        input: &DeriveInput,
        variant: Option<&Ident>,
        fields: &Fields,
        errors: &mut Errors,
    ) -> Self {
        let kept = fields
            .members()
            .zip(fields)
            .filter(|(_, field)| !skipped(field, errors));
        let fields: Vec<_> = kept
            .map(|(member, field)| Kept {
                member,
                ty: field.ty.clone(),
            })
            .collect();
        let words = [Some(&input.ident), variant]
            .into_iter()
            .flatten()
            .map(|name| name.unraw().to_string());
        let words: Vec<_> = words
            .chain(
                fields
                    .iter()
                    .map(|field| field.member.to_token_stream().to_string()),
            )
            .collect();
        let fingerprint = of_names(words.iter().map(String::as_str));
        Self {
            variant: variant.cloned(),
            fields,
            fingerprint,
        }
    }
}

pub(crate) fn expand(item: TokenStream) -> syn::Result<TokenStream> {
    let mut errors = Errors::default();
    let input: DeriveInput = syn::parse2(item)?;
    let plan = Plan::new(&input, &mut errors);
    errors.finish(Some(plan)).map(|plan| emit(&input, &plan))
}

// Input:  struct Filter<T> { team: T, #[key(skip)] trace: Trace }
// Output: impl<T> ::larder::CacheKey for Filter<T> where T: ::larder::CacheKey {
//             fn encode_key(&self, out: &mut ::larder::KeyWriter) {
//                 out.shape(fingerprint of `Filter` and `team`);
//                 ::larder::CacheKey::encode_key(&self.team, out);
//             }
//         }
fn emit(input: &DeriveInput, plan: &Plan) -> TokenStream {
    let at = Span::mixed_site();
    let (name, root) = (&input.ident, plan.root.public(at));
    let mut generics = input.generics.clone();
    for ty in &plan.bounded {
        let root = plan.root.public(ty.span().resolved_at(at));
        generics
            .make_where_clause()
            .predicates
            .push(parse_quote_spanned!(at=> #ty: #root::CacheKey));
    }
    let (parameters, arguments, bounds) = generics.split_for_impl();
    let body = body(plan, &root);
    quote_spanned! {at=>
        #[automatically_derived]
        impl #parameters #root::CacheKey for #name #arguments #bounds {
            fn encode_key(&self, out: &mut #root::KeyWriter) {
                #body
            }
        }
    }
}

fn body(plan: &Plan, root: &TokenStream) -> TokenStream {
    let at = Span::mixed_site();
    let arms = plan.shapes.iter().map(|shape| {
        let fingerprint = shape.fingerprint;
        let fields = shape.fields.iter().enumerate().map(|(place, field)| {
            let (member, here) = (&field.member, field.ty.span().resolved_at(at));
            let value = match &shape.variant {
                Some(_) => bound(place, here).into_token_stream(),
                None => quote_spanned!(here=> &self.#member),
            };
            let root = plan.root.public(here);
            quote_spanned!(here=> #root::CacheKey::encode_key(#value, out);)
        });
        let encode = quote_spanned!(at=> out.shape(#fingerprint); #(#fields)*);
        let Some(variant) = &shape.variant else {
            return encode;
        };
        let members = shape.fields.iter().enumerate().map(|(place, field)| {
            let (member, name) = (&field.member, bound(place, field.ty.span().resolved_at(at)));
            quote!(#member: #name,)
        });
        quote_spanned!(at=> Self::#variant { #(#members)* .. } => { #encode })
    });
    match plan.shapes.first() {
        None => quote_spanned!(at=> let _: &mut #root::KeyWriter = out; match *self {}),
        Some(Shape { variant: None, .. }) => quote!(#(#arms)*),
        Some(_) => quote_spanned!(at=> match self { #(#arms)* }),
    }
}

fn bound(place: usize, at: Span) -> Ident {
    format_ident!("__{place}", span = at)
}

/// The path of `#[key(crate = ::path)]`.
fn rename(attrs: &[Attribute], errors: &mut Errors) -> Option<Path> {
    let mut renamed = None;
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("key")) {
        let read = attr.parse_nested_meta(|meta| {
            if !meta.path.is_ident("crate") {
                return Err(meta.error(
                    "a type knows only `#[key(crate = ::larder)]`: write `#[key(skip)]` on a field",
                ));
            }
            renamed = Some(Root::absolute(meta.value()?.call(Path::parse_mod_style)?)?);
            Ok(())
        });
        errors.keep(read);
    }
    renamed
}

fn skipped(field: &Field, errors: &mut Errors) -> bool {
    let mut skipped = false;
    for attr in field
        .attrs
        .iter()
        .filter(|attr| attr.path().is_ident("key"))
    {
        let read = attr.parse_nested_meta(|meta| {
            if !meta.path.is_ident("skip") {
                return Err(
                    meta.error("a field knows only `#[key(skip)]`: write that, or leave it out")
                );
            }
            skipped = true;
            Ok(())
        });
        errors.keep(read);
    }
    skipped
}

fn refuse(attrs: &[Attribute], place: &str, errors: &mut Errors) {
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("key")) {
        errors.cover(
            attr,
            format!("{place} is always in the key: write `#[key(skip)]` on its fields"),
        );
    }
}

/// The types that need a bound: type parameters in kept fields, and what hangs on them, like `T::Id`.
fn bounded<'a>(input: &DeriveInput, fields: impl Iterator<Item = &'a Kept>) -> Vec<TypePath> {
    let parameters = input
        .generics
        .params
        .iter()
        .filter_map(|parameter| match parameter {
            GenericParam::Type(parameter) => Some(&parameter.ident),
            GenericParam::Lifetime(_) | GenericParam::Const(_) => None,
        });
    let mut search = Search {
        parameters: parameters.collect(),
        found: Vec::new(),
    };
    for field in fields {
        search.visit_type(&field.ty);
    }
    search.found
}

struct Search<'a> {
    parameters: Vec<&'a Ident>,
    found: Vec<TypePath>,
}

impl Visit<'_> for Search<'_> {
    fn visit_type_path(&mut self, ty: &TypePath) {
        let first = ty.path.segments.first().map(|segment| &segment.ident);
        if ty
            .path
            .segments
            .last()
            .is_some_and(|last| last.ident == "PhantomData")
        {
            return;
        }
        if ty.qself.is_none() && first.is_some_and(|first| self.parameters.contains(&first)) {
            if !self.found.contains(ty) {
                self.found.push(ty.clone());
            }
            return;
        }
        syn::visit::visit_type_path(self, ty);
    }
}
