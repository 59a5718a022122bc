use larder::invalidates;

#[invalidates("tools")]
fn rename(id: u32) -> impl Future<Output = u32> {
    std::future::ready(id)
}

fn main() {}
