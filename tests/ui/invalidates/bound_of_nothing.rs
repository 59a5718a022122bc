use larder::invalidates;

#[invalidates("tools", phase = around, max_txn = "0s")]
fn rename(id: u32) -> u32 {
    id
}

#[invalidates("tools", phase = around, max_txn = "2h")]
fn remove(id: u32) -> u32 {
    id
}

const LONGEST: u64 = 5;

#[invalidates("tools", phase = around, max_txn = LONGEST)]
fn paint(id: u32) -> u32 {
    id
}

fn main() {}
