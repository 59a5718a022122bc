use larder::Record;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Record)]
struct Tenant {
    #[record(key)]
    id: u64,
}

#[derive(Serialize, Deserialize, Record)]
#[record("invitation")]
struct Invitation {
    #[record(key)]
    id: u64,
}

fn main() {}
