use larder::ttl_cached;

struct Db;

#[ttl_cached(entity = "tools")]
async fn tool(db: &Db, id: u32) -> u32 {
    let _ = db;
    id
}

#[ttl_cached(entity = "tools")]
fn by_value(id: u32, ratio: Db) -> u32 {
    let _ = ratio;
    id
}

fn main() {}
