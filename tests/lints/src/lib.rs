//! Every shape of every macro, under every lint: what the macros write asks for no `#[allow]`.
#![deny(warnings, missing_docs, missing_debug_implementations, unreachable_pub, unused_qualifications)]
#![deny(rust_2018_idioms, unused, unsafe_code, let_underscore_drop, trivial_casts, unused_results, unused_lifetimes)]
#![deny(clippy::all, clippy::pedantic, clippy::nursery)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

mod derived;
mod functions;
mod methods;
mod names;
mod writes;

pub use derived::{Filter, Page, Tenant, TenantV1, Wrapped};
pub use functions::{Config, Error, Tool, configured, finer, generic, issuer, list, page, reread, square, tool};
pub use methods::{Remote, Shelf, Source};
pub use names::shadowed;
pub use writes::{Nightly, nightly, remove, rename, report, restock};
