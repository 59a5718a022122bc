use larder::invalidates;

#[invalidates("tools")]
async fn rename(id: u32) -> Result<String, u32> {
    if id == 0 {
        return Err("zero");
    }
    Ok(id)
}

fn main() {}
