use larder::invalidates;

struct Db;

#[invalidates("tools")]
async fn rename(db: &Db) {
    db.
}

fn main() {
    drop(rename(&Db));
}
