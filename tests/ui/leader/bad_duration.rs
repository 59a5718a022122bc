use larder::leader;

#[leader("nightly", ttl = "soon")]
async fn word() {}

#[leader("nightly", ttl = "300 s", grace = "10 seconds")]
async fn space() {}

#[leader("nightly", ttl = 0.5)]
async fn fraction() {}

#[leader("nightly", ttl = -300)]
async fn negative() {}

fn main() {}
