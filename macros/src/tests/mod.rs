//! What the macros write, and what they refuse.

mod errors;
mod expansions;
mod item_errors;
mod leader_errors;
