//! Look up, judge, join the flight, run the body, store: the way of a cached call.

#[cfg(test)]
mod alike_tests;
mod aside;
mod entry;
mod fallback;
mod fleet;
mod flight;
#[cfg(test)]
mod flight_tests;
mod forget;
#[cfg_attr(not(feature = "http"), allow(dead_code, reason = "what only HTTP asks for"))]
mod frame;
mod function;
mod hands;
mod judged;
#[cfg(test)]
#[cfg(feature = "testkit")]
mod judged_tests;
mod kept;
mod look;
mod ready;
mod recall;
mod revisions;
mod run;
mod shared;
mod site;
mod slots;
mod values;

pub(crate) use entry::{AnyValue, Coherence, Entry, Times, Verdict};
pub(crate) use flight::{Departure, End, Flights, Joined, Node};
pub(crate) use forget::{Probe, Probed, Target, probe};
pub(crate) use frame::Frame;
#[cfg(feature = "http")]
pub(crate) use frame::Watched;
#[cfg(any(feature = "redis", feature = "testkit"))]
pub(crate) use function::WIRE_VERSION;
#[cfg(feature = "redis")]
pub(crate) use function::readable;
pub(crate) use function::{Core, Function, push_hex};
pub(crate) use hands::Hands;
#[cfg(test)]
pub(crate) use kept::Facts;
pub(crate) use kept::{Kept, Own};
pub(crate) use look::{Request, Run, find};
pub(crate) use ready::Ready;
pub(crate) use revisions::Revisions;
pub(crate) use run::{Answer, Computed, Step};
pub(crate) use site::{Instantiation, Kind, Renewal, Store};
pub use site::{Place, Site};
pub(crate) use values::{Memory, Shelf, Values};
