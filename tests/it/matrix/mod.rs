//! The compile matrix: every macro on every shape of function, sync and async, called and counted.

#[macro_use]
mod cells;
mod generics;
mod parameters;
mod places;
mod receivers;
mod recursion;
mod traits;
