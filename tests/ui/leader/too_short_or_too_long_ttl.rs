use larder::leader;

#[leader("nightly", ttl = "9ms")]
async fn short() {}

#[leader("nightly", ttl = "366d")]
async fn long() {}

fn main() {}
