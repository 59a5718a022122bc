use larder::ttl_cached;

#[ttl_cached(entity = "tools")]
fn tool(pool: &std::sync::Mutex<u32>, id: u32) -> u32 {
    let _ = pool;
    id
}

fn main() {}
