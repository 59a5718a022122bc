use larder::ttl_cached;

#[ttl_cached(entity = "tools", store_if = |value, id| value != id)]
fn tool(id: u32) -> u32 {
    id
}

fn main() {}
