use larder::{invalidates, ttl_cached};

#[ttl_cached(entity = "tools", tll = "20s")]
#[invalidates("pages")]
async fn outer(id: u32) -> u32 {
    id
}

#[invalidates("pages", one = always)]
#[ttl_cached(entity = "tools")]
async fn inner(id: u32) -> u32 {
    id
}

fn main() {
    drop((outer(1), inner(1)));
}
