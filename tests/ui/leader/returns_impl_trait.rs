use larder::leader;

#[leader("nightly", ttl = "300s")]
fn report() -> impl Sized {
    Some(3)
}

fn main() {}
