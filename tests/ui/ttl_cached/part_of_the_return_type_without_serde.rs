use larder::ttl_cached;

use std::sync::Arc;

#[derive(Clone)]
struct Tool;

#[ttl_cached(entity = "tools")]
async fn list(id: u32) -> Result<Arc<Vec<Tool>>, String> {
    let _ = id;
    Ok(Arc::new(Vec::new()))
}

#[ttl_cached(entity = "tools")]
async fn maybe(id: u32) -> Option<Tool> {
    let _ = id;
    None
}

fn main() {}
