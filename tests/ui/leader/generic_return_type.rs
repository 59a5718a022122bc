use larder::leader;

#[leader("nightly", ttl = "300s")]
async fn report<T: Default>() -> T {
    T::default()
}

fn main() {}
