use larder::ttl_cached;

use std::cell::Cell;

#[ttl_cached(entity = "tools", store = memory)]
fn tool(id: u32) -> Cell<u32> {
    Cell::new(id)
}

fn main() {}
