use larder::ttl_cached;

#[ttl_cached(entity = "tools", zebra = 1)]
fn tool(id: u32) -> u32 {
    id
}

fn main() {}
