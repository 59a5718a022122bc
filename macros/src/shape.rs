//! What of a type is in its key.

use proc_macro2::Ident;
use quote::ToTokens as _;
use syn::ext::IdentExt as _;
use syn::{Attribute, DeriveInput, Field, Fields, Member, Meta, Type};

use crate::errors::Errors;
use crate::fingerprint::of_names;

/// A struct, or one variant of an enum.
#[derive(Debug)]
pub(crate) struct Shape {
    pub(crate) variant: Option<Ident>,
    pub(crate) fields: Vec<Kept>,
    pub(crate) fingerprint: u64,
}

/// A field that is part of the key.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) member: Member,
    pub(crate) ty: Type,
}

impl Shape {
    pub(crate) fn new(input: &DeriveInput, variant: Option<&Ident>, fields: &Fields, errors: &mut Errors) -> Self {
        let kept = fields.members().zip(fields).filter(|(_, field)| !skipped(field, errors));
        let fields: Vec<_> = kept.map(|(member, field)| Kept { member, ty: field.ty.clone() }).collect();
        let words = [Some(&input.ident), variant].into_iter().flatten().map(|name| name.unraw().to_string());
        let words: Vec<_> =
            words.chain(fields.iter().map(|field| field.member.to_token_stream().to_string())).collect();
        let fingerprint = of_names(words.iter().map(String::as_str));
        Self { variant: variant.cloned(), fields, fingerprint }
    }
}

fn skipped(field: &Field, errors: &mut Errors) -> bool {
    let mut skipped = false;
    for attr in field.attrs.iter().filter(|attr| attr.path().is_ident("key")) {
        if matches!(attr.meta, Meta::Path(_)) {
            errors.cover(attr, "this `#[key]` says nothing: write `#[key(skip)]`, or leave it out");
            continue;
        }
        let read = attr.parse_nested_meta(|meta| {
            if meta.input.peek(syn::Token![=]) {
                return Err(meta.error("`skip` takes no value: write `#[key(skip)]`, or leave it out"));
            }
            if !meta.path.is_ident("skip") {
                return Err(meta.error("a field knows only `#[key(skip)]`: write that, or leave it out"));
            }
            skipped = true;
            Ok(())
        });
        errors.keep(read);
    }
    skipped
}

/// `#[key(..)]` where it means nothing.
pub(crate) fn refuse(attrs: &[Attribute], place: &str, errors: &mut Errors) {
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("key")) {
        errors.cover(attr, format!("{place} is always in the key: write `#[key(skip)]` on its fields"));
    }
}
