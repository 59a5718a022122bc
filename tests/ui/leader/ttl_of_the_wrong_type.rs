use larder::leader;

#[leader("nightly", ttl = seconds, grace = seconds)]
async fn report(seconds: u64) {
    let _ = seconds;
}

fn main() {}
