use larder::leader;

const SECONDS: u64 = 30;

#[leader("nightly", ttl = "300s", mode = wait(SECONDS))]
async fn report() {}

fn main() {}
