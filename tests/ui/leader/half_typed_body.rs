use larder::leader;

#[leader("nightly", ttl = "300s")]
async fn report() {
    let token =
}

fn main() {}
