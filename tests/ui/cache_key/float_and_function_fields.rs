use larder::CacheKey;

#[derive(CacheKey)]
struct Scale {
    by: f64,
    with: fn(f64) -> f64,
}

fn main() {}
