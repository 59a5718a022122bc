use larder::hexsha_cached;

#[hexsha_cached(revision = ret.sha)]
fn issuer(host: u32) -> u32 {
    host
}

fn main() {}
