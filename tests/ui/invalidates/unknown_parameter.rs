use larder::invalidates;

#[invalidates("tool:{di}", ("team", tean))]
fn rename(id: u32, team: u32) -> u32 {
    id + team
}

fn main() {}
