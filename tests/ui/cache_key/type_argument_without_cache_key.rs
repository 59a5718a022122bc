use larder::CacheKey;

use larder::ttl_cached;

struct Trace;

#[derive(CacheKey)]
struct Filter<T> {
    inner: T,
}

#[ttl_cached(entity = "tools")]
fn tools(filter: Filter<Trace>) -> u32 {
    let _ = filter.inner;
    1
}

fn main() {}
