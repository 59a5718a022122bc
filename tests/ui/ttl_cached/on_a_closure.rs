use larder::ttl_cached;

fn tools() -> u32 {
    let double = #[ttl_cached(entity = "tools")]
    |id: u32| id * 2;
    double(1)
}

fn main() {
    tools();
}
