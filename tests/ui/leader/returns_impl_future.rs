use larder::leader;

#[leader("nightly", ttl = "300s")]
fn report() -> impl Future<Output = Option<u32>> + Send {
    std::future::ready(Some(3))
}

fn main() {}
