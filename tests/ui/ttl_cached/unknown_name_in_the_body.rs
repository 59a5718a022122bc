use larder::ttl_cached;

#[ttl_cached(entity = "tools")]
async fn tool(id: u32) -> u32 {
    idd
}

fn main() {}
