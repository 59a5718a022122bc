use larder::ttl_cached;

#[ttl_cached(entity = "tools", ttl: "20s")]
fn tool(id: u32) -> u32 {
    id
}

fn main() {}
