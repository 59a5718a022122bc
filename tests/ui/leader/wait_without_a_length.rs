use larder::leader;

#[leader("nightly", ttl = "300s", mode = wait)]
async fn for_how_long() {}

#[leader("nightly", ttl = "300s", mode = wait())]
async fn of_nothing() {}

#[leader("nightly", ttl = "300s", mode = wait("30s", "60s"))]
async fn of_two() {}

#[leader("nightly", ttl = "300s", mode = wait("0s"))]
async fn of_zero() {}

#[leader("nightly", ttl = "300s", mode = wait("30 seconds"))]
async fn of_words() {}

fn main() {}
