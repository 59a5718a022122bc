use larder::invalidates;

#[invalidates("tools", "tool:{ret}", ("tool", ret + 1), phase = around)]
fn rename(id: u32) -> u32 {
    id
}

fn main() {}
