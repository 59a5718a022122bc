use larder::invalidates;
use std::pin::Pin;

type Fut = Pin<Box<dyn Future<Output = u32> + Send>>;
type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

#[invalidates("tools")]
fn alias(id: u32) -> Fut {
    Box::pin(std::future::ready(id))
}

#[invalidates("tools")]
fn generic(id: &u32) -> BoxFuture<'_, ()> {
    let _ = id;
    Box::pin(std::future::ready(()))
}

#[invalidates("tools")]
fn named(id: u32) -> std::future::Ready<u32> {
    std::future::ready(id)
}

fn main() {}
