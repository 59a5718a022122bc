use larder::ttl_cached;

#[ttl_cached(entity = "tools", key(id, page), skip(page))]
fn in_both(id: u32, page: u32) -> u32 {
    id + page
}

#[ttl_cached(entity = "tools", key(id), skip(db))]
fn in_none(db: u32, id: u32, page: u32) -> u32 {
    db + id + page
}

fn main() {}
