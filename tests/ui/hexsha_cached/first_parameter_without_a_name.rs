use larder::hexsha_cached;

#[hexsha_cached]
fn issuer((config, host): (String, u32)) -> u32 {
    drop(config);
    host
}

fn main() {}
