use larder::ttl_cached;

#[ttl_cached(entity = "tools", skip(db), skip(trace))]
fn tool(db: &u32, trace: u32, id: u32) -> u32 {
    let _ = (db, trace);
    id
}

fn main() {}
