use larder::CacheKey;

#[derive(CacheKey)]
fn filter() {}

fn main() {}
