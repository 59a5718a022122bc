//! `#[derive(Record)]`: a type whose values are kept in Redis.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Attribute, Data, DeriveInput, Expr, Fields, LitStr, Meta, Path};

use crate::args::{Args, Grammar, string};
use crate::duration::Length;
use crate::errors::Errors;
use crate::fields::{Field, Role};
use crate::number::known_version;
use crate::root::Root;

const GRAMMAR: Grammar = Grammar {
    attribute: "record",
    names: &[
        ("name", "name = \"tenant\""),
        ("ttl", "ttl = \"1h\""),
        ("version", "version = 2"),
        ("from", "from = TenantV1"),
        ("crate", "crate = ::larder"),
    ],
    unnamed: Some("name"),
};

struct Plan {
    root: Root,
    name: String,
    ttl: Option<Length>,
    from: Option<Path>,
    key: Field,
    indexes: Vec<Field>,
    shape: String,
}

impl Plan {
    fn new(input: &DeriveInput, errors: &mut Errors) -> Option<Self> {
        let mut args = arguments(&input.attrs, errors);
        args.require("name", errors);
        let name = args.value("name", errors, name);
        let ttl = args.value("ttl", errors, Length::read_life);
        let version = args.value("version", errors, known_version);
        let from = args.value("from", errors, path);
        let root = Root::take(&mut args, errors);
        if !input.generics.params.is_empty() {
            let text =
                "a record is one type, and its name stands for it in Redis: derive it for a type without generics";
            errors.cover(&input.generics.params, text);
        }
        let fields = named(input, errors)?;
        let fields: Vec<Field> = fields.named.iter().filter_map(|field| Field::new(field, errors)).collect();
        let shape = shape(name.as_ref()?, version.unwrap_or(1), input, &fields);
        let (mut keys, others): (Vec<_>, Vec<_>) = fields.into_iter().partition(|field| field.role == Role::Key);
        for more in keys.iter().skip(1) {
            errors.push(more.at, "a record has one primary key, and this is another: write `index` or `unique`");
        }
        if keys.is_empty() {
            errors.push(
                input.ident.span(),
                "a record needs a primary key: write `#[record(key)]` over one of its fields",
            );
            return None;
        }
        let indexes = others.into_iter().filter(|field| field.role != Role::Plain).collect();
        Some(Self { root, name: name?, ttl, from, key: keys.remove(0), indexes, shape })
    }
}

pub(crate) fn expand(item: &TokenStream) -> syn::Result<TokenStream> {
    let mut errors = Errors::default();
    let input: DeriveInput = syn::parse2(item.clone())?;
    let plan = Plan::new(&input, &mut errors);
    errors.finish(plan).map(|plan| emit(&input, &plan))
}

// Input:  #[record(name = "tenant", ttl = "1h")]
//         struct Tenant { #[record(key)] id: u64, #[record(unique)] pub host: String }
// Output: impl ::larder::Record for Tenant {
//             type Key = u64;
//             const NAME: &'static str = "tenant";
//             const SHAPE: &'static str = "tenant 1, host: String, id: u64";
//             fn life() -> Option<Duration> { Some(Duration::from_secs(3600)) }
//             fn file(&self, __larder: &mut Filing) { __larder.key("id", &self.id); __larder.unique("host", &self.host); }
//         }
//         impl Tenant { pub const HOST: ::larder::Unique<Self, String> = ::larder::Unique::of("host"); }
fn emit(input: &DeriveInput, plan: &Plan) -> TokenStream {
    let at = Span::mixed_site();
    let (ident, name, shape) = (&input.ident, &plan.name, &plan.shape);
    let (root, private) = (plan.root.public(at), plan.root.private(at));
    let key = &plan.key.ty;
    let life = plan.ttl.as_ref().map(|ttl| {
        quote_spanned!(at=> fn life() -> ::core::option::Option<::core::time::Duration> { ::core::option::Option::Some(#ttl) })
    });
    let former = plan.from.as_ref().map(|from| {
        let here = from.span().resolved_at(at);
        let of = quote_spanned!(here=> #private::Former::of::<#from>());
        quote_spanned!(at=> fn former() -> #private::Former<Self> { #of })
    });
    let filed = [&plan.key].into_iter().chain(&plan.indexes).map(|field| {
        let (member, name, here) = (&field.ident, field.name(), field.ty.span().resolved_at(at));
        let file = field.role.method(here);
        quote_spanned!(here=> __larder.#file(#name, &self.#member);)
    });
    let handles = plan.indexes.iter().map(|field| field.handle(&plan.root));
    quote_spanned! {at=>
        #[automatically_derived]
        impl #root::Record for #ident {
            type Key = #key;
            const NAME: &'static str = #name;
            const SHAPE: &'static str = #shape;
            #life
            fn file(&self, __larder: &mut #private::Filing) {
                #(#filed)*
            }
            #former
        }
        #[automatically_derived]
        impl #ident {
            #(#handles)*
        }
    }
}

/// The arguments of all `#[record(..)]` over the type.
fn arguments(attrs: &[Attribute], errors: &mut Errors) -> Args {
    let mut tokens = TokenStream::new();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("record")) {
        match &attr.meta {
            Meta::List(list) => {
                let more = &list.tokens;
                tokens = if tokens.is_empty() { more.clone() } else { quote!(#tokens, #more) };
            }
            _ => errors.cover(attr, "this `#[record]` says nothing: write `#[record(name = \"tenant\")]`"),
        }
    }
    Args::parse(tokens, &GRAMMAR, errors)
}

/// The fields of a struct that names them.
fn named<'a>(input: &'a DeriveInput, errors: &mut Errors) -> Option<&'a syn::FieldsNamed> {
    let text = "a record is a struct with named fields, for its indexes are called by them";
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => return Some(fields),
            _ => errors.cover(&input.ident, text),
        },
        Data::Enum(data) => errors.push(data.enum_token.span, format!("{text}: put this enum into one of them")),
        Data::Union(data) => errors.push(data.union_token.span, text),
    }
    None
}

/// What records are called in Redis.
fn name(value: Expr) -> syn::Result<String> {
    let lit: LitStr = string(value, "the name of a record is a text: write for example `name = \"tenant\"`")?;
    let name = lit.value();
    if name.is_empty() || !name.chars().all(|at| at.is_ascii_alphanumeric() || "_.-".contains(at)) {
        let text = "the name of a record is made of letters, digits, `_`, `.` and `-`: write for example `\"tenant\"`";
        return Err(syn::Error::new(lit.span(), text));
    }
    Ok(name)
}

/// The type that a record was before.
fn path(value: Expr) -> syn::Result<Path> {
    match value {
        Expr::Path(path) if path.qself.is_none() => Ok(path.path),
        other => Err(syn::Error::new_spanned(other, "this is no type: write the one before it, `from = TenantV1`")),
    }
}

/// What tells this version of a type from every other: what it is called, and its fields with their types, and what serde is
/// told of them. The order of fields does not matter, for they are stored by name.
fn shape(name: &str, version: u32, input: &DeriveInput, fields: &[Field]) -> String {
    let mut parts: Vec<String> = fields.iter().map(Field::shape).collect();
    parts.sort_unstable();
    parts.insert(0, format!("{name} {version}{}", serde(&input.attrs)));
    parts.join(", ")
}

/// What serde is told, which decides how a value is stored.
pub(crate) fn serde(attrs: &[Attribute]) -> String {
    let told = attrs.iter().filter(|attr| attr.path().is_ident("serde"));
    told.map(|attr| format!(" {}", words(&attr.meta))).collect()
}

/// The tokens without spaces: how they are spaced is the compiler's choice.
pub(crate) fn words(tokens: impl quote::ToTokens) -> String {
    tokens.to_token_stream().to_string().split_whitespace().collect()
}
