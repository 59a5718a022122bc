use larder::ttl_cached;

#[ttl_cached(entity = "tools", refresh_ahead = 1.5, stale_while_revalidate = "0s")]
async fn tools(id: u32) -> u32 {
    id
}

fn main() {}
