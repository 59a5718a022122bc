use larder::ttl_cached;

#[ttl_cached(ttl = "20s", "tools")]
fn tool(id: u32) -> u32 {
    id
}

fn main() {}
