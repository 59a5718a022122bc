use larder::invalidates;

#[invalidates("tools", after = true)]
fn rename(id: u32) -> u32 {
    id
}

#[invalidates("tools", phasee = after)]
fn delete(id: u32) -> u32 {
    id
}

fn main() {}
