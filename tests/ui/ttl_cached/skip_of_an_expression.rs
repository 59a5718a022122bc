use larder::ttl_cached;

#[ttl_cached(entity = "tools", skip(&db, "trace", db.pool()))]
fn tool(db: &u32, trace: u32) -> u32 {
    let _ = (db, trace);
    1
}

fn main() {}
