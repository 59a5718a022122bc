use larder::ttl_cached;

#[ttl_cached(entity = "tools", store_if = true)]
fn tool(id: u32) -> u32 {
    id
}

fn main() {}
