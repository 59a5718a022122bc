use larder::Record;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Record)]
#[record(name = "kept")]
struct Kept<T> {
    #[record(key)]
    id: u64,
    value: T,
}

fn main() {}
