use larder::ttl_cached;

#[ttl_cached(entity = "tools")]
fn tool(id: u32) -> impl Future<Output = u32> {
    std::future::ready(id)
}

#[ttl_cached(entity = "tools")]
fn boxed(id: u32) -> std::pin::Pin<Box<dyn Future<Output = u32> + Send>> {
    let id = id + 1;
    Box::pin(std::future::ready(id))
}

fn main() {}
