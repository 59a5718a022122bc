use larder::ttl_cached;

#[ttl_cached(entity = "tools", key(|id| id + 1))]
fn tool(id: u32) -> u32 {
    id
}

fn main() {}
