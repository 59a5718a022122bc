use larder::ttl_cached;

#[ttl_cached(entity = "tools", refresh_ahead = 0.8, skip(seen))]
async fn tools(seen: &mut Vec<u32>, id: u32) -> u32 {
    seen.push(id);
    id
}

fn main() {}
