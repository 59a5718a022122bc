use larder::Record;
use serde::{Deserialize, Serialize};

#[derive(Record)]
#[record(name = "tenant")]
struct Tenant {
    #[record(key)]
    id: u64,
}

fn main() {}
