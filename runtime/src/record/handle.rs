//! The indexed fields of a record, by which it is found.

use std::fmt;
use std::marker::PhantomData;

/// A field of `R` that finds any number of records: a constant that [`Record`](derive@crate::Record) makes, such as `Tenant::PLAN`.
///
/// # Examples
///
/// ```
/// # use larder::{Index, Record};
/// #[derive(serde::Serialize, serde::Deserialize, Record)]
/// #[record(name = "tenant")]
/// struct Tenant {
///     #[record(key)]
///     id: u64,
///     #[record(index)]
///     plan: String,
/// }
///
/// const BY: Index<Tenant, String> = Tenant::PLAN;
/// ```
pub struct Index<R, V> {
    field: &'static str,
    of: PhantomData<fn(&R) -> V>,
}

/// A field of `R` that no two records share: a constant that [`Record`](derive@crate::Record) makes, such as `Tenant::HOST`.
///
/// # Examples
///
/// ```
/// # use larder::{Unique, Record};
/// #[derive(serde::Serialize, serde::Deserialize, Record)]
/// #[record(name = "tenant")]
/// struct Tenant {
///     #[record(key)]
///     id: u64,
///     #[record(unique)]
///     host: String,
/// }
///
/// const BY: Unique<Tenant, String> = Tenant::HOST;
/// ```
pub struct Unique<R, V> {
    field: &'static str,
    of: PhantomData<fn(&R) -> V>,
}

macro_rules! handle {
    ($($handle:ident),*) => {$(
        impl<R, V> $handle<R, V> {
            #[doc(hidden)]
            #[must_use]
            pub const fn of(field: &'static str) -> Self {
                Self { field, of: PhantomData }
            }

            pub(super) const fn field(self) -> &'static str {
                self.field
            }
        }

        impl<R, V> Clone for $handle<R, V> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<R, V> Copy for $handle<R, V> {}

        impl<R, V> fmt::Debug for $handle<R, V> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($handle)).field(&self.field).finish()
            }
        }
    )*};
}

handle!(Index, Unique);
