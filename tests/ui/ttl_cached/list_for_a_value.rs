use larder::ttl_cached;

#[ttl_cached(entity("tools"), skip = id)]
fn tool(id: u32) -> u32 {
    id
}

fn main() {}
