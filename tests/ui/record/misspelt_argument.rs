use larder::Record;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Record)]
#[record(nmae = "tenant", tll = "1h", capacity = 7)]
struct Tenant {
    #[record(key)]
    id: u64,
}

fn main() {}
