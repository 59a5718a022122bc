use larder::ttl_cached;

use std::borrow::Cow;

struct Repo {
    name: String,
}

impl Repo {
    #[ttl_cached(entity = "tools")]
    fn name(&self) -> &str {
        &self.name
    }

    #[ttl_cached(entity = "tools")]
    async fn bytes(&self, id: u32) -> Result<&[u8], u32> {
        Err(id)
    }

    #[ttl_cached(entity = "tools")]
    fn one(&self) -> Option<&String> {
        Some(&self.name)
    }

    #[ttl_cached(entity = "tools")]
    fn cow<'a>(&'a self) -> Cow<'a, str> {
        Cow::Borrowed(&self.name)
    }
}

fn main() {}
