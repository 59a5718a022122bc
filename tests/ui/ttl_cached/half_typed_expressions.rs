use larder::ttl_cached;

struct Db;

#[ttl_cached(entity = "tools", skip(db))]
async fn method(db: &Db) -> u32 {
    db.
}

#[ttl_cached(entity = "tools")]
fn binding(id: u32) -> u32 {
    let twice =
}

#[ttl_cached(entity = "tools")]
fn call(id: u32) -> u32 {
    id.pow(
    )
}

#[ttl_cached(entity = "tools")]
fn condition(id: u32) -> u32 {
    if id > {
        1
    }
}

fn main() {
    drop(method(&Db));
    binding(call(condition(1)));
}
