use larder::invalidates;

#[invalidates("tool:{ret}")]
fn rename(id: u32) -> impl std::fmt::Display {
    id
}

fn main() {}
