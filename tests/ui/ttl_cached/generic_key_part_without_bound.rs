use larder::ttl_cached;

#[ttl_cached(entity = "tools")]
fn tool<T>(id: T) -> u32 {
    drop(id);
    1
}

fn main() {}
