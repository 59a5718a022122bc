use larder::ttl_cached;

use std::rc::Rc;

#[ttl_cached(entity = "tools", store = memory)]
fn tool(id: u32) -> Rc<u32> {
    Rc::new(id)
}

fn main() {}
