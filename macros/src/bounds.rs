//! The bounds that a derived `CacheKey` needs.

use proc_macro2::Ident;
use syn::visit::Visit;
use syn::{DeriveInput, GenericParam, TypePath};

use crate::shape::Kept;

/// The types that need a bound: type parameters in kept fields, and what hangs on them, like `T::Id`.
pub(crate) fn bounded<'a>(input: &DeriveInput, fields: impl Iterator<Item = &'a Kept>) -> Vec<TypePath> {
    let parameters = input.generics.params.iter().filter_map(|parameter| match parameter {
        GenericParam::Type(parameter) => Some(&parameter.ident),
        GenericParam::Lifetime(_) | GenericParam::Const(_) => None,
    });
    let mut search = Search { parameters: parameters.collect(), found: Vec::new() };
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
        if ty.path.segments.last().is_some_and(|last| last.ident == "PhantomData") {
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
