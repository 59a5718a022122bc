use larder::leader;

#[leader("nightly", ttl = "300s")]
async fn tail() -> Option<u32> {
    3
}

#[leader("nightly", ttl = "300s")]
fn nothing() {
    3
}

fn main() {}
