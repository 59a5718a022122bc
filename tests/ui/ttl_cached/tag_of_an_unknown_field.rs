use larder::ttl_cached;

#[ttl_cached(entity = "tools", tags("team:{ret.team}"))]
async fn in_a_text(id: u32) -> Option<u32> {
    Some(id)
}

#[ttl_cached(entity = "tools", tags(("team", ret.team())))]
async fn in_a_tuple(id: u32) -> Option<u32> {
    Some(id)
}

fn main() {}
