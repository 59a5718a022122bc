use larder::ttl_cached;

#[ttl_cached(entity = "tools", time = 20, size = 100, convert = "{ id }", sync_writes = true)]
fn renamed(id: u32) -> u32 {
    id
}

#[ttl_cached(entity = "tools", result = true, option, map_error = |error| error, ty = "Cache", create = "{ new() }")]
fn needless(id: u32) -> u32 {
    id
}

fn main() {}
