use larder::ttl_cached;

#[ttl_cached(entity = "tools", crate = reexports::larder)]
fn relative(id: u32) -> u32 {
    id
}

#[ttl_cached(entity = "tools", crate = "larder")]
fn quoted(id: u32) -> u32 {
    id
}

fn main() {}
