use larder::Record;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Record)]
#[record(name = "tenant")]
struct Tenant {
    #[record(key, unique)]
    id: u64,
    #[record(unique)]
    #[record(index)]
    host: String,
    #[record(index, index)]
    plan: String,
    #[record(index = true)]
    size: u64,
    #[record]
    note: String,
}

fn main() {}
