use larder::{invalidates, ttl_cached};

#[ttl_cached(entity = "tools")]
async fn tool(id: u32) -> u32 {
    id
}

#[invalidates(tool(ret))]
fn make(id: u32) -> impl Into<u32> {
    id
}

fn main() {}
