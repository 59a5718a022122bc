use larder::{invalidates, ttl_cached};

#[ttl_cached(entity = "tools", tll = "20s")]
#[invalidates("page:{idd}")]
async fn tool(id: u32) -> u32 {
    id
}

fn main() {
    drop(tool(1));
}
