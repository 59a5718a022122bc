use larder::CacheKey;

#[derive(CacheKey)]
union Bits {
    whole: u32,
    low: u16,
}

fn main() {}
