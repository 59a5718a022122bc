//! Methods, and those of traits.

use larder::ttl_cached;

/// What has methods.
#[derive(Debug)]
pub struct Shelf {
    /// Where it is.
    pub realm: String,
}

impl Shelf {
    /// Sync, with `self` in the key.
    #[must_use]
    #[ttl_cached(entity = "users", key(self.realm, id), store = memory)]
    pub fn user(&self, id: u32) -> Option<String> {
        (id > 0).then(|| format!("{}/{id}", self.realm))
    }

    /// Async.
    #[ttl_cached(entity = "users", key(self.realm))]
    pub async fn users(&self) -> usize {
        std::future::ready(self.realm.len()).await
    }
}

/// A trait whose methods are boxed.
#[async_trait::async_trait]
pub trait Source {
    /// One page.
    async fn page(&self, number: u32) -> Vec<String>;
}

#[async_trait::async_trait]
impl Source for Shelf {
    #[ttl_cached(entity = "pages", key(self.realm, number))]
    async fn page(&self, number: u32) -> Vec<String> {
        std::future::ready(vec![format!("{}/{number}", self.realm)]).await
    }
}

/// A trait with native async methods.
pub trait Remote {
    /// How many.
    fn count(&self) -> impl Future<Output = u32> + Send;
}

impl Remote for Shelf {
    #[ttl_cached(entity = "counts", key(self.realm))]
    async fn count(&self) -> u32 {
        std::future::ready(3).await
    }
}
