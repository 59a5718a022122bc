use larder::ttl_cached;

#[ttl_cached(entity = "tools", ttl = "20 s")]
fn space(id: u32) -> u32 {
    id
}

#[ttl_cached(entity = "tools", ttl = "1 day")]
fn word(id: u32) -> u32 {
    id
}

#[ttl_cached(entity = "tools", ttl = "5MIN")]
fn capitals(id: u32) -> u32 {
    id
}

#[ttl_cached(entity = "tools", ttl = "1hr30min")]
fn short_words(id: u32) -> u32 {
    id
}

#[ttl_cached(entity = "tools", ttl = "2w")]
fn weeks(id: u32) -> u32 {
    id
}

#[ttl_cached(entity = "tools", ttl = "30s1m")]
fn order(id: u32) -> u32 {
    id
}

fn main() {}
