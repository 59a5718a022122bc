use larder::ttl_cached;

#[ttl_cached(entity = "tools", ttl = )]
fn value(id: u32) -> u32 {
    id
}

#[ttl_cached(entity = "tools", key(id.))]
fn field(id: u32) -> u32 {
    id
}

#[ttl_cached(entity = "tools", sk)]
fn name(id: u32) -> u32 {
    id
}

#[ttl_cached(entity = "tools", when = id >)]
fn comparison(id: u32) -> u32 {
    id
}

fn main() {
    let _ = value(field(name(comparison(1))));
}
