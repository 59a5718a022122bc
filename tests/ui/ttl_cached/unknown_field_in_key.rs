use larder::ttl_cached;

struct Filter {
    team: u32,
}

#[ttl_cached(entity = "tools", key(filter.tean))]
fn tools(filter: &Filter) -> u32 {
    filter.team
}

fn main() {}
