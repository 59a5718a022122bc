//! Macros and types of the user's that are called like those of the standard library.

use larder::{invalidates, ttl_cached};

macro_rules! format_args {
    () => {};
}
macro_rules! unreachable {
    () => {};
}
macro_rules! matches {
    () => {};
}

/// Stands where a value of the standard library could be looked for.
#[derive(Debug)]
struct Some;

/// What a careless expansion would use.
#[ttl_cached(entity = "names", tags("name:{id}:{ret}"))]
pub async fn shadowed(id: u32) -> u32 {
    format_args!();
    unreachable!();
    matches!();
    let _ = Some;
    written(id).await
}

#[invalidates("name:{id}")]
async fn written(id: u32) -> u32 {
    std::future::ready(id).await
}
