use larder::hexsha_cached;

#[hexsha_cached(keep = "two", capacity = -5)]
fn issuer(config: &larder::Revisioned<u32>) -> u32 {
    **config
}

fn main() {}
