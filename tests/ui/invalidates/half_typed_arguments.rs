use larder::invalidates;

#[invalidates("tools", )]
async fn trailing_comma(id: u32) {
    let _ = id;
}

#[invalidates("tools", on =)]
async fn value(id: u32) {
    let _ = id;
}

#[invalidates(("tool", ))]
async fn tuple(id: u32) {
    let _ = id;
}

#[invalidates("tool:{")]
async fn placeholder(id: u32) {
    let _ = id;
}

fn main() {
    drop((trailing_comma(1), value(1), tuple(1), placeholder(1)));
}
