use larder::ttl_cached;

#[ttl_cached(entity = "tools", tags("tool:{ret}"))]
fn tool(ret: u32) -> u32 {
    ret
}

fn main() {}
