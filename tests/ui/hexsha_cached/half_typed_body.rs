use larder::hexsha_cached;

#[hexsha_cached]
fn issuer(config: &larder::Revisioned<u32>) -> u32 {
    let value =
}

fn main() {}
