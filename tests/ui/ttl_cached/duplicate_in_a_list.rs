use larder::ttl_cached;

#[ttl_cached(entity = "tools", key(id, page, id))]
fn key(id: u32, page: u32) -> u32 {
    id + page
}

#[ttl_cached(entity = "tools", skip(page, page))]
fn skip(id: u32, page: u32) -> u32 {
    id + page
}

#[ttl_cached(entity = "tools", tags("tool:{id}", "tool:{id}"))]
fn tags(id: u32) -> u32 {
    id
}

fn main() {}
