use larder::ttl_cached;

#[ttl_cached(entity = "tools", ttl = -20, capacity = -1, jitter = -0.1, version = -2)]
fn tool(id: u32) -> u32 {
    id
}

fn main() {}
