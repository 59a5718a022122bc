use larder::invalidates;

#[invalidates("tools", phase = before)]
fn rename(id: u32) -> u32 {
    id
}

#[invalidates("tools", phase = "around")]
fn remove(id: u32) -> u32 {
    id
}

fn main() {}
