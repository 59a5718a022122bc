use larder::leader;

struct Tenant;

#[leader(key = tenant, ttl = "300s")]
async fn report(tenant: &Tenant) {
    let _ = tenant;
}

fn main() {}
