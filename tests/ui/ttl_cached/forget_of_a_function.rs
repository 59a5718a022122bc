use larder::ttl_cached;

#[ttl_cached(entity = "tools")]
async fn tool(id: u32) -> u32 {
    id
}

async fn rename() {
    let _ = larder::forget(tool).await;
}

fn main() {}
