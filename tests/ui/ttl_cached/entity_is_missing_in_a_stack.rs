use larder::{invalidates, ttl_cached};

#[ttl_cached(ttl = "20s")]
#[invalidates("pages")]
async fn tool(id: u32) -> u32 {
    id
}

fn main() {
    drop(tool(1));
}
