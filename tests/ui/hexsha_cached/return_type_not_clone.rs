use larder::hexsha_cached;

struct Issuer;

#[hexsha_cached]
async fn issuer(config: &larder::Revisioned<u32>) -> Issuer {
    let _ = config;
    Issuer
}

fn main() {}
