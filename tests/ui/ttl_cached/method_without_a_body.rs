use larder::ttl_cached;

trait Repo {
    #[ttl_cached(entity = "tools")]
    fn tool(&self, id: u32) -> u32;
}

fn main() {}
