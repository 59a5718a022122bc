use larder::invalidates;

#[invalidates("tools", on = ok, on = always)]
async fn rename(id: u32) {
    let _ = id;
}

fn main() {}
