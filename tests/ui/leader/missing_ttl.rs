use larder::leader;

#[leader("nightly")]
async fn report() {}

fn main() {}
