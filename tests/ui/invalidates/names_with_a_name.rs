use larder::invalidates;

#[invalidates(entity = "tools")]
fn rename(id: u32) -> u32 {
    id
}

#[invalidates(tags("tool:{id}"))]
fn delete(id: u32) -> u32 {
    id
}

fn main() {}
