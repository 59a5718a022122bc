use larder::ttl_cached;

#[ttl_cached(entity = "tools", key = "id")]
fn tool(id: u32, page: u32) -> u32 {
    id + page
}

fn main() {}
