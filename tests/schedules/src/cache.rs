//! The flights of the runtime, and what they need of their neighbours.

#[path = "../../../runtime/src/cache/entry.rs"]
#[allow(dead_code, reason = "the runtime uses the rest")]
mod entry;
#[path = "../../../runtime/src/cache/flight.rs"]
#[allow(dead_code, reason = "the runtime uses the rest")]
mod flight;
#[path = "../../../runtime/src/cache/frame.rs"]
#[allow(dead_code, reason = "the runtime uses the rest")]
mod frame;

pub(crate) use entry::Entry;
pub(crate) use flight::{Departure, End, Flights, Joined, Node};
pub(crate) use frame::Frame;

pub(crate) fn push_hex(out: &mut String, bytes: &[u8]) {
    bytes.iter().for_each(|byte| out.push_str(&format!("{byte:02x}")));
}
