use larder::hexsha_cached;

#[hexsha_cached(revison = config.hexsha())]
fn issuer(config: &larder::Revisioned<u32>) -> u32 {
    **config
}

fn main() {}
