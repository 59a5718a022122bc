use larder::{invalidates, ttl_cached};

#[ttl_cached(entity = "tools")]
async fn tool(id: u32) -> u32 {
    id
}

#[invalidates(tool(id))]
async fn rename(id: &str) {
    let _ = id;
}

fn main() {}
