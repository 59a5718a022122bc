use larder::ttl_cached;

#[ttl_cached(entity = "tools", store_if = |tools| tools.contains(&name))]
async fn tools(name: String) -> Vec<String> {
    vec![name]
}

fn main() {}
