//! The fields of a record: what each is to it.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;
use syn::{Meta, Type, Visibility};

use crate::errors::Errors;
use crate::nearest::nearest;
use crate::record::{serde, words};
use crate::root::Root;

/// What a field is to its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Plain,
    Key,
    Index,
    Unique,
}

const ROLES: [(&str, Role); 3] = [("key", Role::Key), ("index", Role::Index), ("unique", Role::Unique)];

impl Role {
    /// The method that files a field of this role.
    pub(crate) fn method(self, at: Span) -> Ident {
        let name = ROLES.iter().find(|(_, role)| *role == self).map_or("index", |(name, _)| name);
        Ident::new(name, at)
    }
}

#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
    pub(crate) role: Role,
    /// Where its role stands.
    pub(crate) at: Span,
    vis: Visibility,
    serde: String,
}

impl Field {
    pub(crate) fn new(field: &syn::Field, errors: &mut Errors) -> Option<Self> {
        let ident = field.ident.clone()?;
        let (role, at) = role(field, errors).unwrap_or((Role::Plain, ident.span()));
        Some(Self { ident, ty: field.ty.clone(), role, at, vis: field.vis.clone(), serde: serde(&field.attrs) })
    }

    /// What the field is called in Redis.
    pub(crate) fn name(&self) -> String {
        self.ident.unraw().to_string()
    }

    /// What of the field tells versions of its type apart.
    pub(crate) fn shape(&self) -> String {
        format!("{}: {}{}", self.name(), words(&self.ty), self.serde)
    }

    /// The constant by which records are found.
    pub(crate) fn handle(&self, root: &Root) -> TokenStream {
        let at = self.ident.span().resolved_at(Span::mixed_site());
        let (name, vis, ty, root) = (self.name(), &self.vis, &self.ty, root.public(at));
        let handle = format_ident!("{}", name.to_uppercase(), span = at);
        let (kind, doc) = match self.role {
            Role::Unique => (Ident::new("Unique", at), format!("Finds the one record with this `{name}`.")),
            _ => (Ident::new("Index", at), format!("Finds the records with this `{name}`.")),
        };
        quote_spanned!(at=> #[doc = #doc] #vis const #handle: #root::#kind<Self, #ty> = #root::#kind::of(#name);)
    }
}

/// What `#[record(..)]` over a field says.
fn role(field: &syn::Field, errors: &mut Errors) -> Option<(Role, Span)> {
    let mut found: Option<(Role, Span)> = None;
    for attr in field.attrs.iter().filter(|attr| attr.path().is_ident("record")) {
        if !matches!(attr.meta, Meta::List(_)) {
            errors.cover(attr, "this `#[record]` says nothing: write `#[record(key)]`, `index` or `unique`");
            continue;
        }
        let read = attr.parse_nested_meta(|meta| {
            let word = meta.path.get_ident().map(Ident::to_string).unwrap_or_default();
            let Some((word, role)) = ROLES.iter().find(|(known, _)| *known == word) else {
                let cure = match nearest(&word, ROLES.map(|(known, _)| known)) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None if ["name", "ttl", "version", "from", "crate"].contains(&&*word) => {
                        format!("`{word}` stands over the type")
                    }
                    None => "write `key`, `index` or `unique`".to_owned(),
                };
                return Err(meta.error(format!("a field of a record does not know `{word}`: {cure}")));
            };
            if meta.input.peek(syn::Token![=]) {
                return Err(meta.error(format!("`{word}` takes no value: write `#[record({word})]`")));
            }
            if let Some((before, _)) = found {
                let text = match (before, role) {
                    _ if before == *role => format!("`{word}` given twice: leave out one of them"),
                    (Role::Key, _) | (_, Role::Key) => {
                        "a primary key is found by `load`, and is unique: leave out all but `key`".to_owned()
                    }
                    _ => "a unique field is an index, too: leave out `index`".to_owned(),
                };
                return Err(meta.error(text));
            }
            found = Some((*role, meta.path.span()));
            Ok(())
        });
        errors.keep(read);
    }
    found
}
