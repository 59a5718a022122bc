use larder::Record;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Record)]
#[record(name = "tenant", ttl = "0s", version = "two", from = "Old")]
struct Tenant {
    #[record(key)]
    id: u64,
}

fn main() {}
