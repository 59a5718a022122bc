use larder::ttl_cached;

struct Repo;

impl Repo {
    #[ttl_cached(entity = "tools", skip(self))]
    fn of_self(&self, id: u32) -> u32 {
        id
    }

    #[ttl_cached(entity = "tools", skip(filter.team))]
    fn of_a_field(&self, filter: u32) -> u32 {
        filter
    }

    #[ttl_cached(entity = "tools", skip())]
    fn of_nothing(&self, id: u32) -> u32 {
        id
    }
}

fn main() {}
