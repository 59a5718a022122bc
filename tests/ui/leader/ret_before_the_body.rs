use larder::leader;

#[leader("nightly:{ret}", ttl = "300s")]
async fn key() -> Option<u32> {
    None
}

#[leader("nightly", ttl = ret.ttl)]
async fn ttl() -> Option<u32> {
    None
}

#[leader("nightly", ttl = "300s", grace = ret.grace)]
async fn grace() -> Option<u32> {
    None
}

fn main() {}
