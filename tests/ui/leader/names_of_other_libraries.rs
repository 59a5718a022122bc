use larder::leader;

#[leader(name = "nightly", lease = "300s", timeout = 3)]
async fn report() {}

fn main() {}
