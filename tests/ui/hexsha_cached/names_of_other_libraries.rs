use larder::hexsha_cached;

#[hexsha_cached(time = 20, size = 10, hash = config.hexsha(), history = 3)]
fn issuer(config: &larder::Revisioned<u32>) -> u32 {
    **config
}

fn main() {}
