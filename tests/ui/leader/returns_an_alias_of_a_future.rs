use larder::leader;

#[leader("nightly", ttl = "300s")]
fn report() -> Fut {
    Box::pin(std::future::ready(()))
}

type Fut = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

fn main() {}
