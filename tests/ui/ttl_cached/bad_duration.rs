use larder::ttl_cached;

#[ttl_cached(entity = "tools", ttl = "soon")]
fn word(id: u32) -> u32 {
    id
}

#[ttl_cached(entity = "tools", ttl = 20s)]
fn unquoted(id: u32) -> u32 {
    id
}

#[ttl_cached(entity = "tools", ttl = "20")]
fn without_a_unit(id: u32) -> u32 {
    id
}

#[ttl_cached(entity = "tools", ttl = 1.5)]
fn fraction(id: u32) -> u32 {
    id
}

#[ttl_cached(entity = "tools", ttl = -1)]
fn negative(id: u32) -> u32 {
    id
}

#[ttl_cached(entity = "tools", ttl = "40000d")]
fn centuries(id: u32) -> u32 {
    id
}

fn main() {}
