//! `#[derive(CacheKey)]`: a type's canonical form in a key.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Attribute, Data, DeriveInput, Path, TypePath, parse_quote_spanned};

use crate::bounds::bounded;
use crate::errors::Errors;
use crate::root::Root;
use crate::shape::{Shape, refuse};

struct Plan {
    root: Root,
    shapes: Vec<Shape>,
    /// Types of fields that only bounds can promise to be keys.
    bounded: Vec<TypePath>,
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
                let shape = |variant: &syn::Variant| Shape::new(input, Some(&variant.ident), &variant.fields, errors);
                data.variants.iter().map(shape).collect()
            }
            Data::Union(data) => {
                let text = "a union does not tell which field it holds: implement `CacheKey` by hand";
                errors.cover(data.union_token, text);
                Vec::new()
            }
        };
        let bounded = bounded(input, shapes.iter().flat_map(|shape| &shape.fields));
        Self { root, shapes, bounded }
    }
}

pub(crate) fn expand(item: &TokenStream) -> syn::Result<TokenStream> {
    let mut errors = Errors::default();
    let input: DeriveInput = syn::parse2(item.clone())?;
    let plan = Plan::new(&input, &mut errors);
    errors.finish(Some(plan)).map(|plan| emit(&input, &plan))
}

// Input:  struct Filter<T> { team: T, #[key(skip)] trace: Trace }
// Output: impl<T> ::larder::CacheKey for Filter<T> where T: ::larder::CacheKey {
//             fn encode_key(&self, __larder: &mut ::larder::KeyWriter) {
//                 __larder.shape(fingerprint of `Filter` and `team`);
//                 ::larder::CacheKey::encode_key(&self.team, __larder);
//             }
//         }
fn emit(input: &DeriveInput, plan: &Plan) -> TokenStream {
    let at = Span::mixed_site();
    let (name, root) = (&input.ident, plan.root.public(at));
    let mut generics = input.generics.clone();
    for ty in &plan.bounded {
        let root = plan.root.public(ty.span().resolved_at(at));
        generics.make_where_clause().predicates.push(parse_quote_spanned!(at=> #ty: #root::CacheKey));
    }
    let (parameters, arguments, bounds) = generics.split_for_impl();
    let body = body(plan, &root);
    quote_spanned! {at=>
        #[automatically_derived]
        impl #parameters #root::CacheKey for #name #arguments #bounds {
            fn encode_key(&self, __larder: &mut #root::KeyWriter) {
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
            quote_spanned!(here=> #root::CacheKey::encode_key(#value, __larder);)
        });
        let encode = quote_spanned!(at=> __larder.shape(#fingerprint); #(#fields)*);
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
        None => quote_spanned!(at=> let _: &mut #root::KeyWriter = __larder; match *self {}),
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
                return Err(meta.error("a type knows only `#[key(crate = ::larder)]`: write `#[key(skip)]` on a field"));
            }
            renamed = Some(Root::absolute(meta.value()?.call(Path::parse_mod_style)?)?);
            Ok(())
        });
        errors.keep(read);
    }
    renamed
}
