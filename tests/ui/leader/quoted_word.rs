use larder::leader;

#[leader("nightly", ttl = "300s", renew = "true", on_unavailable = "run")]
async fn report() {}

fn main() {}
