use larder::ttl_cached;

#[ttl_cached(entity = "tools", store = memory)]
async fn tool(id: u32) -> &'static str {
    let name = id.to_string();
    &name
}

fn main() {}
