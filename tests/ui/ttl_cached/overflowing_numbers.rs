use larder::ttl_cached;

#[ttl_cached(entity = "tools", ttl = 99999999999999999999, capacity = 99999999999999999999, version = 4_294_967_296)]
fn tool(id: u32) -> u32 {
    id
}

#[ttl_cached(entity = "tools", ttl = "99999999999999999999ms")]
fn text(id: u32) -> u32 {
    id
}

fn main() {}
