use larder::leader;

struct Fault;

#[leader("nightly", ttl = "300s", on_unavailable = error)]
async fn report() -> Result<(), Fault> {
    Ok(())
}

fn main() {}
