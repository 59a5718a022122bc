//! The protocol of larder as a model, searched in full: every order of every step, with every fault.
//!
//! The model is the protocol of DESIGN.md, told step by step: calls, flights, stamps, ends, the link, the lease, and one
//! Redis that executes whole requests. Time is told in ticks of one lease. What a promise forbids is told by versions of
//! the source, which no part of the protocol sees: a call that began after version 2 was ended must not be given 1.

pub mod bounds;
pub mod cell;
pub mod link;
pub mod model;
pub mod process;
mod ranks;
pub mod searches;
pub mod server;

pub use bounds::{Bounds, Dependence, Fault, Kept, Promise, Safeguard, Start};
pub use model::{Outcome, Step, exhaust, search};
pub use searches::every_search;

#[cfg(test)]
mod tests;
