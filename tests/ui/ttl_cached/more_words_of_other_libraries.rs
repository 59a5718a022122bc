use larder::ttl_cached;

#[ttl_cached(name = "tools", expire = 20, limit = 10, ignore(db), unless = |v| v == 0)]
fn tool(db: &u32, id: u32) -> u32 {
    let _ = db;
    id
}

#[ttl_cached(entity = "tools", with_cached_flag = true, in_impl = true, disk = true, unbound)]
fn needless(id: u32) -> u32 {
    id
}

fn main() {}
