use larder::leader;

#[leader("nightly", ttl = 0)]
async fn number() {}

#[leader("nightly", ttl = "0ms")]
async fn text() {}

fn main() {}
