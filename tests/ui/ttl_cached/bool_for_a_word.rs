use larder::ttl_cached;

#[ttl_cached(entity = "tools", single_flight = true)]
fn tool(id: u32) -> u32 {
    id
}

fn main() {}
