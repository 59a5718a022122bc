use larder::Record;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Record)]
#[record(name = "tenant")]
struct Tenant {
    #[record(unique)]
    host: String,
}

fn main() {}
