use larder::invalidates;

#[invalidates("tools", on = alwyas)]
async fn rename(id: u32) {
    let _ = id;
}

fn main() {}
