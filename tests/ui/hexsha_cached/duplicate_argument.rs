use larder::hexsha_cached;

#[hexsha_cached(keep = 2, keep = 3)]
fn issuer(config: &larder::Revisioned<u32>) -> u32 {
    **config
}

fn main() {}
