use larder::ttl_cached;

#[ttl_cached(entity = "tools")]
fn tool(scale: f64, of: fn(f64) -> f64) -> u64 {
    of(scale) as u64
}

fn main() {}
