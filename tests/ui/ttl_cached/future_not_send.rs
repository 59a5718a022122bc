use larder::ttl_cached;

use std::rc::Rc;

#[ttl_cached(entity = "tools")]
async fn tool(id: u32) -> u32 {
    let id = Rc::new(id);
    std::future::ready(()).await;
    *id
}

fn send(_: impl Send) {}

fn main() {
    send(tool(1));
}
