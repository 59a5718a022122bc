use larder::invalidates;

struct Tool {
    id: u32,
}

#[invalidates("team:{ret.team}")]
async fn make(id: u32) -> Result<Tool, u32> {
    Ok(Tool { id })
}

fn main() {}
