use larder::ttl_cached;

use std::pin::Pin;

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

#[ttl_cached(entity = "tools", store = memory)]
fn tool(id: u32) -> BoxFuture<u32> {
    Box::pin(std::future::ready(id))
}

fn main() {}
