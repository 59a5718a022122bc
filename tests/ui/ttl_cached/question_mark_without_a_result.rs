use larder::ttl_cached;

#[ttl_cached(entity = "tools")]
async fn tool(id: &str) -> u32 {
    id.parse::<u32>()?
}

#[ttl_cached(entity = "tools")]
fn blocking(id: &str) -> u32 {
    id.parse::<u32>()?
}

fn main() {}
