use larder::ttl_cached;

const SHARE: u32 = 1;

#[ttl_cached(entity = "tools", capacity = "many", jitter = 1.5, version = 5_000_000_000)]
fn tool(id: u32) -> u32 {
    id
}

#[ttl_cached(entity = "tools", jitter = SHARE)]
fn constant(id: u32) -> u32 {
    id
}

fn main() {}
