use larder::ttl_cached;

struct Db;

#[ttl_cached(entity = "tools", skip(bd))]
fn tool(db: &Db, id: u32) -> u32 {
    let _ = db;
    id
}

fn main() {}
