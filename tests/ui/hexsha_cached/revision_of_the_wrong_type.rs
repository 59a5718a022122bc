use larder::hexsha_cached;

#[hexsha_cached(revision = number)]
fn issuer(number: u32) -> u32 {
    number
}

fn main() {}
