use larder::{invalidates, ttl_cached};

#[ttl_cached(entity = "tools")]
async fn tool(id: u32) -> u32 {
    id
}

#[invalidates(tool(id).await)]
async fn rename(id: u32) {
    let _ = id;
}

fn main() {}
