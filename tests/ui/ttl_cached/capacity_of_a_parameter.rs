use larder::ttl_cached;

#[ttl_cached(entity = "tools", capacity = limit)]
fn tools(limit: usize) -> usize {
    limit
}

fn main() {}
