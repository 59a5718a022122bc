use larder::invalidates;

#[invalidates("tools")]
struct Tool;

#[invalidates("tools")]
static TOOLS: u32 = 1;

fn main() {}
