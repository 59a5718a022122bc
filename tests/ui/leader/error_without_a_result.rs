use larder::leader;

#[leader("nightly", ttl = "300s", on_unavailable = error)]
async fn option() -> Option<u32> {
    None
}

#[leader("nightly", ttl = "300s", on_unavailable = error)]
async fn nothing() {}

fn main() {}
