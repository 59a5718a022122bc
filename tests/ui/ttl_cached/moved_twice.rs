use larder::ttl_cached;

#[ttl_cached(entity = "tools")]
async fn tool(name: String) -> String {
    drop(name);
    name
}

fn main() {}
