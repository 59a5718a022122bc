use larder::Record;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Record)]
#[record(name = "tenant")]
struct TenantV1 {
    #[record(key)]
    id: u64,
}

#[derive(Serialize, Deserialize, Record)]
#[record(name = "tenant", from = TenantV1)]
struct Tenant {
    #[record(key)]
    id: u64,
    host: String,
}

fn main() {}
