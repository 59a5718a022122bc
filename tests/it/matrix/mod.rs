//! The compile matrix: every macro on every shape of function, sync and async, called and counted.

#[macro_use]
mod cells;
#[macro_use]
mod product;
#[macro_use]
mod renewals;
mod apart;
mod apart_methods;
mod arguments;
mod attributes;
mod boxed;
mod editions;
mod generics;
mod kinds;
mod methods;
mod outcomes;
mod parameters;
mod places;
mod receivers;
mod recursion;
mod returns;
mod shapes;
mod traits;
