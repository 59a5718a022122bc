use larder::{invalidates, ttl_cached};

#[ttl_cached(entity = "tools")]
async fn tool(id: u32) -> u32 {
    id
}

#[invalidates(tool(ret))]
async fn make(name: String) -> Result<String, u32> {
    Ok(name)
}

fn main() {}
