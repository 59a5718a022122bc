use larder::ttl_cached;

const TOOLS: &str = "tools";

#[ttl_cached(entity = "")]
fn empty(id: u32) -> u32 {
    id
}

#[ttl_cached(entity = TOOLS)]
fn constant(id: u32) -> u32 {
    id
}

#[ttl_cached(entity = "tool:{id}")]
fn placeholder(id: u32) -> u32 {
    id
}

#[ttl_cached(entity = "tools\n")]
fn line(id: u32) -> u32 {
    id
}

fn main() {}
