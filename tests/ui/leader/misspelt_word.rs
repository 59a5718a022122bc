use larder::leader;

#[leader("nightly", ttl = "300s", grace = "1s", on_err = grave, on_unavailable = skp)]
async fn report() {}

fn main() {}
