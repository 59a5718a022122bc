use larder::ttl_cached;

#[ttl_cached(entity = "tools", store = memory)]
fn tool<T: Default>(id: u32) -> T {
    let _ = id;
    T::default()
}

fn main() {}
