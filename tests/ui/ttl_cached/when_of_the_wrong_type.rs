use larder::ttl_cached;

#[ttl_cached(entity = "tools", when = page)]
fn tools(page: Option<u32>) -> u32 {
    page.unwrap_or(0)
}

fn main() {}
