//! The compile matrix: every macro on every shape of function, sync and async, called and counted.

#[macro_use]
mod cells;
mod attributes;
mod boxed;
mod editions;
mod generics;
mod outcomes;
mod parameters;
mod places;
mod receivers;
mod recursion;
mod returns;
mod traits;
