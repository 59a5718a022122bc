use larder::ttl_cached;

#[ttl_cached(entity = "tools", store = memroy, coherence = "srict", single_flight = of)]
fn tool(id: u32) -> u32 {
    id
}

fn main() {}
