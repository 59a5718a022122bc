use larder::ttl_cached;

#[ttl_cached(entity = "tools", none_ttl = "1s", stale_if_error = "1h")]
fn argument(id: u32) -> u32 {
    id
}

#[ttl_cached(entity = "tools", single_flight = cluster)]
fn word(id: u32) -> u32 {
    id
}

fn main() {}
