use larder::ttl_cached;

#[ttl_cached(entity = "tools")]
const fn constant(id: u32) -> u32 {
    id
}

#[ttl_cached(entity = "tools")]
unsafe fn not_safe(id: u32) -> u32 {
    id
}

#[ttl_cached(entity = "tools")]
extern "C" fn foreign(id: u32) -> u32 {
    id
}

fn main() {}
