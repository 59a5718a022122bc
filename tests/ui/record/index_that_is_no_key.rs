use larder::Record;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Plan;

#[derive(Serialize, Deserialize, Record)]
#[record(name = "tenant")]
struct Tenant {
    #[record(key)]
    id: u64,
    #[record(index)]
    plan: Plan,
}

fn main() {}
