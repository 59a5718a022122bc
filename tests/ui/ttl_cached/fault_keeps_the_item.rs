use larder::ttl_cached;

struct Repo;

impl Repo {
    #[ttl_cached(entity = "tools", tll = 20)]
    async fn tool(&self, id: u32) -> u32 {
        id
    }
}

#[ttl_cached]
fn free(id: u32) -> u32 {
    id
}

fn main() {
    let _ = Repo.tool(free(1));
}
