use larder::leader;

#[leader("nightly", ttl = "300s", renwe = true)]
async fn report() {}

#[leader("nightly", ttl = "300s", entity = "reports")]
async fn another() {}

fn main() {}
