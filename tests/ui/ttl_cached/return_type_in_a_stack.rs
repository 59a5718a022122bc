use larder::{invalidates, ttl_cached};

struct Tool;

#[ttl_cached(entity = "tools", store = memory)]
#[invalidates("pages")]
async fn tool(id: u32) -> Tool {
    let _ = id;
    Tool
}

fn main() {}
