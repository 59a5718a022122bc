use larder::ttl_cached;

const LIFE: u64 = 20;

#[ttl_cached(entity = "tools", ttl = LIFE)]
fn tool(id: u32) -> u32 {
    id
}

fn main() {}
