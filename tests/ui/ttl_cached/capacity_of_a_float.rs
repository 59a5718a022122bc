use larder::ttl_cached;

#[ttl_cached(entity = "tools", capacity = 10.5)]
fn tool(id: u32) -> u32 {
    id
}

fn main() {}
