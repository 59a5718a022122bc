use larder::ttl_cached;

#[ttl_cached(entity = "tools", capacity = 0)]
fn tool(id: u32) -> u32 {
    id
}

fn main() {}
