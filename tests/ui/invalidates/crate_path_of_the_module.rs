use larder::invalidates;

#[invalidates("tools", crate = reexports::larder)]
async fn rename(id: u32) {
    let _ = id;
}

fn main() {}
