use larder::ttl_cached;

#[derive(Clone)]
struct Tool;

#[ttl_cached(entity = "tools")]
async fn plain(id: u32) -> Tool {
    let _ = id;
    Tool
}

#[ttl_cached(entity = "tools")]
fn in_a_result(id: u32) -> Result<Tool, String> {
    let _ = id;
    Ok(Tool)
}

#[ttl_cached(entity = "tools", store = memory)]
fn in_memory(id: u32) -> Tool {
    let _ = id;
    Tool
}

fn main() {}
