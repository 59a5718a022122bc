use larder::hexsha_cached;

#[hexsha_cached]
fn issuer(config: &larder::Revisioned<u32>) -> String {
    **config
}

fn main() {}
