use larder::{invalidates, ttl_cached};

#[ttl_cached(entity = "tools")]
fn tool(id: u32) -> u32 {
    id
}

#[invalidates(tool(id))]
async fn rename(id: u32) {
    let _ = id;
}

fn main() {}
