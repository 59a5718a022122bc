use larder::leader;

#[leader("", ttl = "300s")]
async fn text() {}

#[leader((), ttl = "300s")]
async fn tuple() {}

fn main() {}
