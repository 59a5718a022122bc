use larder::invalidates;

#[invalidates(format!("tool:{id}"))]
async fn rename(id: u32) {
    let _ = id;
}

fn main() {}
