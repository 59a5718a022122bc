use larder::invalidates;

#[invalidates("tools", phase = around, max_txn = "5s")]
fn rename(id: u32) -> u32 {
    id
}

fn main() {}
