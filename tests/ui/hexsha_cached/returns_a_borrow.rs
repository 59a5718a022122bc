use larder::hexsha_cached;

#[hexsha_cached]
fn issuer(config: &larder::Revisioned<String>) -> &str {
    config
}

fn main() {}
