use larder::ttl_cached;

#[ttl_cached(entity = "tools")]
async fn tool(id: u32) -> u32 {
    let doubled = id.
}

fn main() {
    let _ = tool(1);
}
