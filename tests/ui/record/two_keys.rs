use larder::Record;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Record)]
#[record(name = "tenant")]
struct Tenant {
    #[record(key)]
    id: u64,
    #[record(key)]
    host: String,
}

fn main() {}
