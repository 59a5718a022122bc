use larder::ttl_cached;

#[ttl_cached(entity = "tools", store = disk, coherence = eventual, single_flight = on)]
fn tool(id: u32) -> u32 {
    id
}

fn main() {}
