use larder::Record;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Record)]
#[record(name = "page")]
enum Page {
    First,
}

#[derive(Serialize, Deserialize, Record)]
#[record(name = "pair")]
struct Pair(u64, u64);

#[derive(Record)]
#[record(name = "either")]
union Either {
    id: u64,
}

fn main() {}
