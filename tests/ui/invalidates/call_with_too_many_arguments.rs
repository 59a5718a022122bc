use larder::{invalidates, ttl_cached};

#[ttl_cached(entity = "tools")]
async fn tool(id: u32) -> u32 {
    id
}

#[invalidates(tool(id, 1))]
async fn more(id: u32) {
    let _ = id;
}

#[invalidates(tool())]
async fn fewer(id: u32) {
    let _ = id;
}

fn main() {}
