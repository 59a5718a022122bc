use larder::ttl_cached;

#[ttl_cached(entity = "tools", none_ttl = "5s")]
fn always_there(id: u32) -> u32 {
    id
}

#[ttl_cached(entity = "tools", none_ttl = "5s")]
async fn never_none(id: u32) -> Result<u32, String> {
    Ok(id)
}

#[ttl_cached(entity = "tools", err_ttl = "5s")]
fn never_fails(id: u32) -> u32 {
    id
}

fn main() {}
