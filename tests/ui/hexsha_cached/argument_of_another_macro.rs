use larder::hexsha_cached;

#[hexsha_cached(ttl = "20s")]
fn issuer(config: &larder::Revisioned<u32>) -> u32 {
    **config
}

#[hexsha_cached(entity = "issuers")]
fn issuers(config: &larder::Revisioned<u32>) -> u32 {
    **config
}

fn main() {}
