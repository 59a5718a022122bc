use larder::{invalidates, ttl_cached};

#[ttl_cached(entity = "tools")]
#[invalidates("pages")]
const fn tool(id: u32) -> u32 {
    id
}

fn main() {}
