use larder::ttl_cached;

#[ttl_cached(entity = "tools", ttl = 0.25)]
fn quarter(id: u32) -> u32 {
    id
}

#[ttl_cached(entity = "tools", ttl = 20.0)]
fn whole(id: u32) -> u32 {
    id
}

#[ttl_cached(entity = "tools", ttl = "1.5s")]
fn text(id: u32) -> u32 {
    id
}

fn main() {}
