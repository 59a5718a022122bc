use larder::ttl_cached;

use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Tool;

#[ttl_cached(entity = "tools")]
async fn plain(id: u32) -> Tool {
    let _ = id;
    Tool
}

#[ttl_cached(entity = "tools", store = memory)]
fn in_a_result(id: u32) -> Result<Tool, String> {
    let _ = id;
    Ok(Tool)
}

fn main() {}
