use larder::hexsha_cached;

#[hexsha_cached(skip(confg))]
fn issuer(config: &larder::Revisioned<u32>) -> u32 {
    **config
}

fn main() {}
