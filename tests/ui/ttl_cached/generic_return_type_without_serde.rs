use larder::ttl_cached;

#[ttl_cached(entity = "tools")]
fn tool<T: Default + Clone + Send + Sync + 'static>(id: u32) -> T {
    let _ = id;
    T::default()
}

fn main() {}
