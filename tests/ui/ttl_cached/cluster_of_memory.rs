use larder::ttl_cached;

#[ttl_cached(entity = "tools", single_flight = cluster, store = memory)]
fn tool(id: u32) -> u32 {
    id
}

fn main() {}
