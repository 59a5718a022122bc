use larder::leader;

#[leader(format!("nightly{id}"), ttl = "300s")]
async fn report(id: u32) {
    let _ = id;
}

#[leader(nightly, ttl = "300s")]
async fn word() {}

fn main() {}
