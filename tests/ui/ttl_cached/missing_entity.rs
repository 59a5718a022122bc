use larder::ttl_cached;

#[ttl_cached]
fn without_arguments(id: u32) -> u32 {
    id
}

#[ttl_cached(ttl = "20s")]
fn with_others(id: u32) -> u32 {
    id
}

fn main() {}
