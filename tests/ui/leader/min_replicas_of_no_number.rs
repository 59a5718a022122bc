use larder::leader;

#[leader("nightly", ttl = "300s", min_replicas = 0)]
async fn none() {}

#[leader("nightly", ttl = "300s", min_replicas = "one")]
async fn in_words() {}

#[leader("nightly", ttl = "300s", min_replicas = -1)]
async fn negative() {}

#[leader("nightly", ttl = "300s", min_replicas = 1.5)]
async fn half() {}

#[leader("nightly", ttl = "300s", min_replicas = true)]
async fn whether() {}

fn main() {}
