use larder::Record;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, Record)]
#[record(name = "tenant")]
struct Tenant {
    #[record(key)]
    id: u64,
    #[record(unique)]
    host: String,
    #[record(index)]
    plan: String,
}

fn main() {
    let _ = Tenant::load("7");
    let _ = Tenant::find(Tenant::PLAN, &7);
    let _ = Tenant::find(Tenant::HOST, "a.example");
    let _ = Tenant::find(Tenant::ID, &7);
}
