use larder::ttl_cached;

#[ttl_cached(entity = "tools", store = memory())]
fn tool(id: u32) -> u32 {
    id
}

fn main() {}
