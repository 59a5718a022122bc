use larder::{invalidates, ttl_cached};

#[ttl_cached(entity = "tools")]
async fn tool(team: u32, id: u32) -> u32 {
    team + id
}

#[invalidates(tool(team, ret))]
async fn make(team: u32) -> u32 {
    team
}

fn main() {}
