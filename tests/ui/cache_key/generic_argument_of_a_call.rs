use larder::{CacheKey, ttl_cached};

#[derive(CacheKey)]
struct Page<T> {
    of: T,
}

#[ttl_cached(entity = "tools")]
fn tools<T>(page: Page<T>) -> u32 {
    drop(page.of);
    1
}

fn main() {}
