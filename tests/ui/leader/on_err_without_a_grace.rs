use larder::leader;

#[leader("nightly", ttl = "300s", on_err = grace)]
async fn report() -> Result<(), String> {
    Ok(())
}

fn main() {}
