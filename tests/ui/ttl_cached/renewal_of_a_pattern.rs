use larder::ttl_cached;

#[ttl_cached(entity = "tools", stale_while_revalidate = "10s")]
async fn tools(&(first, second): &(u32, u32)) -> u32 {
    first + second
}

fn main() {}
