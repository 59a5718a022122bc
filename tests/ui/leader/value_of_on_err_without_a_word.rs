use larder::leader;

#[leader("nightly", ttl = "300s", renew, on_err)]
async fn report() -> Result<(), String> {
    Ok(())
}

fn main() {}
