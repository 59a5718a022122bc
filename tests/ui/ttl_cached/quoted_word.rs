use larder::ttl_cached;

#[ttl_cached(entity = "tools", store = "memory", coherence = "strict", single_flight = "off")]
fn tool(id: u32) -> u32 {
    id
}

fn main() {}
