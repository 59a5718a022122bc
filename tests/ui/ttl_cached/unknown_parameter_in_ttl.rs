use larder::ttl_cached;

#[ttl_cached(entity = "tools", ttl = life(team))]
fn tools(page: u32) -> u32 {
    page
}

fn life(page: u32) -> std::time::Duration {
    std::time::Duration::from_secs(u64::from(page))
}

fn main() {}
