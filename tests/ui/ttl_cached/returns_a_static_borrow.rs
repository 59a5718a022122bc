use larder::ttl_cached;

#[ttl_cached(entity = "tools")]
fn tool(id: u32) -> &'static str {
    if id == 0 { "none" } else { "hammer" }
}

#[ttl_cached(entity = "tools", store = memory)]
fn in_memory(id: u32) -> &'static str {
    if id == 0 { "none" } else { "hammer" }
}

fn main() {}
