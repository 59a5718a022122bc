use larder::ttl_cached;

#[derive(Debug)]
struct Fault;

#[ttl_cached(entity = "tools")]
async fn tool(id: &str) -> Result<u32, Fault> {
    Ok(id.parse::<u32>()?)
}

fn main() {}
