use larder::leader;

#[leader("nightly", ttl = "300s", mode = wiat("30s"))]
async fn misspelt() {}

#[leader("nightly", ttl = "300s", mode = "wait")]
async fn quoted() {}

#[leader("nightly", ttl = "300s", mode = skip("30s"))]
async fn of_skip() {}

fn main() {}
