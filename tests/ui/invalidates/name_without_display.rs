use larder::invalidates;

struct Tool;

#[invalidates("tool:{tool}")]
async fn rename(tool: &Tool) -> u32 {
    let _ = tool;
    1
}

#[invalidates(("tool", ret))]
async fn make(id: u32) -> Tool {
    let _ = id;
    Tool
}

fn main() {}
