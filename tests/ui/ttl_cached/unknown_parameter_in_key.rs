use larder::ttl_cached;

#[ttl_cached(entity = "tools", key(id, team))]
fn tool(id: u32, page: u32) -> u32 {
    id + page
}

#[ttl_cached(entity = "tools", key(self.realm, id))]
fn without_self(id: u32) -> u32 {
    id
}

fn main() {}
