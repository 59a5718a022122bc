use larder::hexsha_cached;

#[hexsha_cached]
fn issuer() -> u32 {
    1
}

struct Service;

impl Service {
    #[hexsha_cached]
    fn issuer(&self) -> u32 {
        1
    }
}

fn main() {}
