use larder::invalidates;

#[invalidates("tools", max_txn = "5s")]
fn rename(id: u32) -> u32 {
    id
}

#[invalidates("tools", phase = after, max_txn = "5s")]
fn remove(id: u32) -> u32 {
    id
}

fn main() {}
