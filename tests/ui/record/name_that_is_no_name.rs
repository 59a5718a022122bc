use larder::Record;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Record)]
#[record(name = "tenant:{id}")]
struct Tenant {
    #[record(key)]
    id: u64,
}

#[derive(Serialize, Deserialize, Record)]
#[record(name = tenant)]
struct Other {
    #[record(key)]
    id: u64,
}

fn main() {}
