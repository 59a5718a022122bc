use larder::leader;

#[leader("nightly", ttl = "300s", mode = wait("30s"))]
async fn report() {}

fn main() {}
