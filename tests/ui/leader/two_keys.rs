use larder::leader;

#[leader("nightly", "report", ttl = "300s")]
async fn unnamed() {}

#[leader("nightly", key = "report", ttl = "300s")]
async fn named() {}

fn main() {}
