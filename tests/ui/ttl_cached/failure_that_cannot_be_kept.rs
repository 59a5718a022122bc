use larder::ttl_cached;

struct Broken;

#[ttl_cached(entity = "tools", err_ttl = "5s", store = memory)]
async fn tool(id: u32) -> Result<u32, Broken> {
    Ok(id)
}

fn main() {}
