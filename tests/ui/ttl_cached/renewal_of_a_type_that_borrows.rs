use std::borrow::Cow;

use larder::ttl_cached;

#[ttl_cached(entity = "tools", stale_while_revalidate = "10s")]
async fn tools(name: Cow<'_, str>, other: Option<&str>) -> usize {
    name.len() + other.map_or(0, str::len)
}

fn main() {}
