use larder::ttl_cached;

#[ttl_cached(entity = "tools", tags(("tool", ret.len() + id.len())))]
async fn tool(id: &str) -> String {
    id.to_owned()
}

fn main() {}
