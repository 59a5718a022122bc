use larder::invalidates;

#[invalidates(("tool", ret.unwrap()))]
async fn make(id: u32) -> Result<u32, u32> {
    Ok(id)
}

fn main() {}
