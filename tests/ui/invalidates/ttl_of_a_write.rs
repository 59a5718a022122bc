use larder::invalidates;

#[invalidates("tools", ttl = "20s")]
async fn rename(id: u32) {
    let _ = id;
}

fn main() {}
