use larder::ttl_cached;

#[ttl_cached(entiy = "tools")]
fn tool(id: u32) -> u32 {
    id
}

#[ttl_cached(name = "tools")]
fn renamed(id: u32) -> u32 {
    id
}

fn main() {}
