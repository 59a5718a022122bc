use larder::ttl_cached;

#[ttl_cached(entity = "tools", tags("tool:{idd}", ("team", tean), "realm:{self.realm}"))]
fn tool(id: u32, team: u32) -> u32 {
    id + team
}

fn main() {}
