use larder::ttl_cached;

struct Db;

#[ttl_cached(ttl = "soon", capacity = 0, jiter = 0.1, skip(bd), tags("tool:{idd}"), store = disk)]
const fn tool(db: &Db, id: u32) -> &str {
    let _ = (db, id);
    "hammer"
}

fn main() {
    let _: &str = tool(&Db, 1);
}
