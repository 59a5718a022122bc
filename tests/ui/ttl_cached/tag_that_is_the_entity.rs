use larder::ttl_cached;

#[ttl_cached(entity = "tools", tags("tools", "tool:{id}"))]
fn tool(id: u32) -> u32 {
    id
}

fn main() {}
