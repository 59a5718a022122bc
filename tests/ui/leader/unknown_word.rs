use larder::leader;

#[leader("nightly", ttl = "300s", renew = yes, on_err = keep, on_unavailable = "skip", mode = block)]
async fn report() {}

fn main() {}
