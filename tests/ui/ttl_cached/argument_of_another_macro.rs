use larder::ttl_cached;

#[ttl_cached(entity = "tools", keep = 2)]
fn tool(id: u32) -> u32 {
    id
}

fn main() {}
