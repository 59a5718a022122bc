use larder::leader;

#[leader("nightly", ttl = "300s", grace = "1s", grace = "2s")]
async fn report() {}

fn main() {}
