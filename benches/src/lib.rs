//! What the benchmarks share: the calls that are compared, the way they are timed, a Redis of their own.

pub mod calls;
pub mod redis_server;
pub mod rounds;
