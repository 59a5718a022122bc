use larder::ttl_cached;

#[ttl_cached(entity = "tools")]
fn tool(id: u32) -> ! {
    panic!("{id}")
}

fn main() {}
