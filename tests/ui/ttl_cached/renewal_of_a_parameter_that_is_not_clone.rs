use larder::ttl_cached;

struct Db;

#[ttl_cached(entity = "tools", stale_while_revalidate = "10s", skip(db))]
async fn tools(db: &Db, id: u32) -> u32 {
    let _ = db;
    id
}

fn main() {}
