use larder::leader;

#[leader("nightly", ttl = "300s")]
const unsafe fn report() {}

fn main() {}
