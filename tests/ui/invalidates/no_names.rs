use larder::invalidates;

#[invalidates]
fn rename(id: u32) -> u32 {
    id
}

#[invalidates(on = always)]
fn delete(id: u32) -> u32 {
    id
}

fn main() {}
