use larder::Record;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Record)]
#[record(name = "tenant")]
struct Tenant {
    #[record(key)]
    id: u64,
    #[record(uniqe)]
    host: String,
    #[record(sorted)]
    plan: String,
    #[record(ttl)]
    life: u64,
}

fn main() {}
