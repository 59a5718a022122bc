use larder::ttl_cached;

#[ttl_cached = "tools"]
fn tool(id: u32) -> u32 {
    id
}

fn main() {}
