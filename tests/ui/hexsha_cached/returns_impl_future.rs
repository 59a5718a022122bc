use larder::{Revisioned, hexsha_cached};

#[hexsha_cached]
fn issuer(config: &Revisioned<u32>) -> impl Future<Output = u32> {
    std::future::ready(**config)
}

fn main() {}
