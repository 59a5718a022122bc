use larder::invalidates;

#[larder::ttl_cached(entity = "tools")]
async fn tool(id: u32) -> u32 {
    id
}

#[invalidates(tool(id), phase = around)]
async fn rename(id: u32) -> u32 {
    id
}

fn main() {}
