use larder::invalidates;
use std::pin::Pin;

#[invalidates("tools")]
fn rename(id: u32) -> Pin<Box<dyn Future<Output = u32> + Send>> {
    let id = id + 1;
    Box::pin(std::future::ready(id))
}

fn main() {}
