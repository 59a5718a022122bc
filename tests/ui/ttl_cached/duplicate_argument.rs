use larder::ttl_cached;

#[ttl_cached(entity = "tools", ttl = "20s", capacity = 10, ttl = "30s")]
fn tool(id: u32) -> u32 {
    id
}

fn main() {}
