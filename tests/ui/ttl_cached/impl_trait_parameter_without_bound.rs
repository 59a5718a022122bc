use larder::ttl_cached;

#[ttl_cached(entity = "tools")]
fn tool(id: impl Into<u32>) -> u32 {
    id.into()
}

fn main() {}
