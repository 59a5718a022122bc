use larder::ttl_cached;

#[ttl_cached(entity = "tools")]
struct Tool;

#[ttl_cached(entity = "tools")]
enum Kind {
    One,
}

#[ttl_cached(entity = "tools")]
trait Repo {
    fn tool(&self) -> u32;
}

#[ttl_cached(entity = "tools")]
impl Tool {
    fn id(&self) -> u32 {
        1
    }
}

#[ttl_cached(entity = "tools")]
const TOOLS: u32 = 3;

#[ttl_cached(entity = "tools")]
mod tools {}

#[ttl_cached(entity = "tools")]
type Tools = Vec<Tool>;

fn main() {}
