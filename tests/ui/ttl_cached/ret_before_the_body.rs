use larder::ttl_cached;

#[ttl_cached(entity = "tools", key(ret.id))]
fn in_key(id: u32) -> u32 {
    id
}

#[ttl_cached(entity = "tools", when = ret > 3)]
fn in_when(id: u32) -> u32 {
    id
}

#[ttl_cached(entity = "tools", ttl = ret.ttl())]
fn in_ttl(id: u32) -> u32 {
    id
}

fn main() {}
