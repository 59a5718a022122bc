use larder::hexsha_cached;

#[derive(Clone)]
struct Issuer;

#[hexsha_cached(store = tiered)]
fn issuer(config: &larder::Revisioned<u32>) -> Issuer {
    let _ = config;
    Issuer
}

fn main() {}
