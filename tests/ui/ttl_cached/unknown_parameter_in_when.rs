use larder::ttl_cached;

#[ttl_cached(entity = "tools", when = curser.is_none())]
fn tools(cursor: Option<u32>) -> u32 {
    cursor.unwrap_or(0)
}

fn main() {}
