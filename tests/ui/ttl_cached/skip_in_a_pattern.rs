use larder::ttl_cached;

#[ttl_cached(entity = "tools", skip(filter))]
fn tools((team, page): (u32, u32)) -> u32 {
    team + page
}

fn main() {}
