use larder::ttl_cached;

#[ttl_cached(entity = "tools", key())]
fn key(id: u32) -> u32 {
    id
}

#[ttl_cached(entity = "tools", tags())]
fn tags(id: u32) -> u32 {
    id
}

fn main() {}
