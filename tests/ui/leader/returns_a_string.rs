use larder::leader;

#[leader("nightly", ttl = "300s")]
async fn report() -> Result<String, String> {
    Ok(String::new())
}

fn main() {}
