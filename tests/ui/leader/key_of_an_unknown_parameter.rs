use larder::leader;

#[leader("nightly:{tenat}", ttl = "300s")]
async fn report(tenant: u32) {
    let _ = tenant;
}

fn main() {}
