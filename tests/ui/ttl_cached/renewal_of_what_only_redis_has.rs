use larder::ttl_cached;

#[ttl_cached(entity = "tools", refresh_ahead = 0.5, store = redis)]
async fn tools(id: u32) -> u32 {
    id
}

fn main() {}
