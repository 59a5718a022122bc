use larder::invalidates;

#[invalidates("tools", on = err)]
fn rename(id: u32) -> u32 {
    id
}

#[invalidates("tools", phase = "after")]
fn delete(id: u32) -> u32 {
    id
}

fn main() {}
