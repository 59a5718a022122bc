use larder::ttl_cached;

struct Db;
struct Trace;

#[ttl_cached(entity = "tools")]
fn tool(db: &Db, trace: Trace, id: u32) -> u32 {
    let _ = (db, trace);
    id
}

fn main() {}
