use larder::ttl_cached;

#[ttl_cached(entity = "tools", tags("tool:{}", "tool:{0}", "tool:{id:?}", "tool:{id + 1}", "tool:{id", "tool:id}"))]
fn tool(id: u32) -> u32 {
    id
}

fn main() {}
