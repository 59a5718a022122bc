use larder::hexsha_cached;

#[hexsha_cached(revision = cfg.hexsha())]
fn issuer(config: &larder::Revisioned<u32>) -> u32 {
    **config
}

fn main() {}
