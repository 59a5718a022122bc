use larder::ttl_cached;

#[ttl_cached(entity = "tools")]
use std::fmt;

#[ttl_cached(entity = "tools")]
static TOOLS: u32 = 3;

#[ttl_cached(entity = "tools")]
unsafe extern "C" {}

#[ttl_cached(entity = "tools")]
union Bits {
    one: u32,
}

#[ttl_cached(entity = "tools")]
macro_rules! tools {
    () => {};
}

fn main() {
    let _: Option<fmt::Error> = None;
    tools!();
}
