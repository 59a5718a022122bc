use larder::ttl_cached;

#[ttl_cached(entity = "tools")]
fn tools(id: u32) -> impl Iterator<Item = u32> {
    std::iter::once(id)
}

fn main() {}
