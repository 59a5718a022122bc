use larder::ttl_cached;

#[ttl_cached(entity = "tools", = "20s")]
fn tool(id: u32) -> u32 {
    id
}

fn main() {}
