use larder::leader;

#[leader("nightly", ttl = "300s")]
trait Report {}

#[leader("nightly", ttl = "300s")]
static REPORTS: u32 = 1;

fn main() {}
