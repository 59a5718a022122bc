use larder::leader;

#[leader("nightly", ttl = "300s")]
async fn number() -> u32 {
    3
}

#[leader("nightly", ttl = "300s")]
fn blocking() -> Result<u32, String> {
    Ok(3)
}

fn main() {}
