use larder::invalidates;

#[invalidates("tools", "servers", "tools")]
async fn rename(id: u32) {
    let _ = id;
}

#[invalidates(("tool", id), ("tool", id))]
async fn delete(id: u32) {
    let _ = id;
}

fn main() {}
