use larder::leader;

#[leader(ttl = "300s")]
async fn report() {}

#[leader]
async fn bare() {}

fn main() {}
