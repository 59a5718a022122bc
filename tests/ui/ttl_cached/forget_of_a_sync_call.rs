use larder::ttl_cached;

#[ttl_cached(entity = "tools")]
fn tool(id: u32) -> u32 {
    id
}

async fn rename(id: u32) {
    let _ = larder::forget(tool(id)).await;
}

fn main() {}
