use larder::invalidates;

const TOOLS: &str = "tools";

#[invalidates("", 7, TOOLS)]
fn rename(id: u32) -> u32 {
    id
}

#[invalidates(tools)]
fn delete(id: u32) -> u32 {
    id
}

fn main() {}
